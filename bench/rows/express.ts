/** Express messages while a backlog of the normal lane is being sent. */
import { join } from 'node:path'
import { delaysMs } from '../../loadtest/operator-evidence.ts'
import { eventually } from '../../tests/support/eventually.ts'
import { metric } from '../../tests/support/gateway-fixture.ts'
import { acceptBacklog } from '../backlog.ts'
import { latencySummary } from '../load/latency.ts'
import { planOf } from '../load/load.ts'
import { measuredLoad } from '../measure.ts'
import { expressPath, oneBody, readIds } from '../messages.ts'
import { atLeast, atMost, failuresOf, type Row } from '../row.ts'

/** Never fewer are waiting while express messages come. */
const waitingMin = 100_000
const backlog = 250_000
/** The load ends this much earlier: the depth is a measurement of up to a second ago. */
const stoppingMargin = 20_000
const expressPerSecond = 100
const lookEveryMs = 100

export const express: Row = {
  name: 'express',
  summary: 'express at 100/s, accept → provider, while more than 100,000 normal wait',
  async run(bench) {
    const servers = await bench.servers()
    await servers.start('operator')
    await servers.start('api')
    const { messages, faults } = await acceptBacklog(servers, backlog, bench)
    const processor = await servers.start('processor')
    const idsPath = join(bench.directory, 'ids')
    const plan = planOf({
      url: `${servers.apiUrl}${expressPath}`,
      body: oneBody,
      connections: 16,
      requestsPerSecond: expressPerSecond,
      idsPath,
    })
    let waiting = messages
    const { result } = await measuredLoad(servers, plan, 1, async (load) => {
      while (waiting > (waitingMin + stoppingMargin) * bench.scale) {
        bench.signal.throwIfAborted()
        await Bun.sleep(lookEveryMs)
        waiting = (await metric(processor.url, 'sms_queue_depth', { lane: 'normal' })) ?? messages
      }
      load.end()
    })
    const ids = await readIds(idsPath)
    const latencyMs = latencySummary(await allDelaysMs(servers.operatorUrl, ids, bench.signal))
    return {
      figures: [
        { what: 'p99', unit: 'ms', value: latencyMs.p99, target: atMost(100) },
        { what: 'p50', unit: 'ms', value: latencyMs.p50, target: null },
        { what: 'max', unit: 'ms', value: latencyMs.max, target: null },
        { what: 'express messages', unit: '', value: ids.length, target: atLeast(1) },
      ],
      floor: null,
      // Nearly all of it is the backlog's.
      cpuMicroseconds: {},
      faults: [...faults, ...failuresOf(result)],
    }
  },
}

/** Waits for the last of them. */
async function allDelaysMs(operatorUrl: string, ids: readonly string[], signal: AbortSignal) {
  return await eventually(
    async () => {
      const found = await delaysMs(operatorUrl, ids, signal)
      return found.every(Number.isFinite) ? found : null
    },
    { what: 'every express message came to the operator', timeoutMs: 10_000, intervalMs: 250 },
  )
}
