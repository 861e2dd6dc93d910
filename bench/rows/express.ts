/** Express messages while a backlog of the normal lane is being sent. */
import { join } from 'node:path'
import { arrivalsOf } from '../../loadtest/operator-evidence.ts'
import { messageIdTimeMs } from '../../src/domain/message-id.ts'
import { eventually } from '../../tests/support/eventually.ts'
import { metric } from '../../tests/support/gateway-fixture.ts'
import { latencySummary } from '../load/latency.ts'
import { planOf, runLoad } from '../load/load.ts'
import { measuredLoad } from '../measure.ts'
import { batchBody, batchPath, expressPath, oneBody, readIds } from '../messages.ts'
import { atLeast, atMost, failuresOf, type Row } from '../row.ts'

/** Never fewer are waiting while express messages come. */
const waitingMin = 100_000
const backlog = 250_000
/** The load ends this much earlier: the depth is a measurement of up to a second ago. */
const stoppingMargin = 20_000
const batchSize = 1_000
const expressPerSecond = 100
const lookEveryMs = 100

export const express: Row = {
  name: 'express',
  summary: 'express at 100/s, accept → provider, while more than 100,000 normal wait',
  async run(bench) {
    const messages = Math.round((backlog * bench.scale) / batchSize) * batchSize
    const servers = await bench.servers()
    await servers.start('operator')
    await servers.start('api')
    const fill = await runLoad(
      planOf({
        url: `${servers.apiUrl}${batchPath}`,
        body: batchBody(batchSize),
        connections: 4,
        requestsMax: messages / batchSize,
      }),
    )
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
    const latencyMs = await delaysOf(servers.operatorUrl, ids, bench.signal)
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
      faults: [...failuresOf(fill), ...failuresOf(result)],
    }
  },
}

/** From acceptance to arrival, of those that came; waits for the last of them. Both clocks are this machine's. */
async function delaysOf(operatorUrl: string, ids: readonly string[], signal: AbortSignal) {
  const delaysMs = await eventually(
    async () => {
      const arrivals = await arrivalsOf(operatorUrl, ids, signal)
      const found = ids.map((id) => (arrivals.get(id) ?? Number.NaN) - messageIdTimeMs(id))
      return found.some(Number.isNaN) ? null : found
    },
    { what: 'every express message came to the operator', timeoutMs: 10_000, intervalMs: 250 },
  )
  return latencySummary(delaysMs)
}
