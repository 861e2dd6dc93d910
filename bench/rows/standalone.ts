/** The whole life in one process with nothing else installed: embedded database, queue in memory, mock operator. */
import { join } from 'node:path'
import { eventually } from '../../tests/support/eventually.ts'
import { freePort } from '../../tests/support/free-port.ts'
import { startRole } from '../../tests/support/gateway.ts'
import { embeddedInsertsPerSecond } from '../floors/embedded-floor.ts'
import { deliveredAt, measuredLife } from '../follow.ts'
import { planOf, runLoad } from '../load/load.ts'
import { oneBody, onePath } from '../messages.ts'
import { atLeast, failuresOf, type Row } from '../row.ts'

const measuredMs = 30_000
const warmUpMessages = 2_000
const floorMs = 5_000

export const standalone: Row = {
  name: 'standalone',
  summary: 'whole life in standalone, nothing installed, one message a POST',
  async run(bench) {
    const role = await startRole('standalone', {
      DATA_DIR: join(bench.directory, 'data'),
      METRICS_ADDR: `127.0.0.1:${await freePort()}`,
      OPERATOR_ADDR: `127.0.0.1:${await freePort()}`,
    })
    try {
      const servers = { processes: () => [{ name: 'standalone', pid: role.pid }] }
      const delivered = () => deliveredAt([role.url])
      const url = `${role.url}${onePath}`
      const warmUp = await runLoad(planOf({ url, body: oneBody, requestsMax: warmUpMessages }))
      await eventually(async () => (await delivered()) === warmUp.answered, {
        what: 'the first messages are delivered',
        timeoutMs: 60_000,
      })
      const durationMs = measuredMs * bench.scale
      const plan = { ...planOf({ url, body: oneBody }), durationMs }
      const { result, cpuMicroseconds, rate } = await measuredLife(servers, plan, {
        delivered,
        deliveredBefore: warmUp.answered,
        signal: bench.signal,
      })
      const accepted = warmUp.answered + result.answered
      const faults: string[] = []
      await eventually(async () => (await delivered()) === accepted, {
        what: 'every message is delivered',
        timeoutMs: 60_000,
        intervalMs: 200,
      }).catch((error: unknown) => faults.push(String(error)))
      const floor = await embeddedInsertsPerSecond(
        join(bench.directory, 'floor'),
        floorMs * bench.scale,
      )
      return {
        figures: [
          { what: 'delivered', unit: 'messages/s', value: rate, target: atLeast(1_000) },
          { what: 'accept p99', unit: 'ms', value: result.latencyMs.p99, target: null },
        ],
        floor: {
          what: 'the embedded database alone, INSERT of 500 rows',
          unit: 'rows/s',
          value: floor,
          target: null,
        },
        cpuMicroseconds,
        faults: [...failuresOf(result), ...faults],
      }
    } finally {
      await role.stop()
    }
  },
}
