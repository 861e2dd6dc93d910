/**
 * A provider that dies under load and comes back. The primary is an operator process of its own, ended with SIGKILL; what it
 * had taken and not reported on is gone with it, so those messages end as `unknown` by the report time-out.
 */
import { join } from 'node:path'
import { delaysMs, evidenceOf } from '../../loadtest/operator-evidence.ts'
import { messageIdTimeMs } from '../../src/domain/message-id.ts'
import { isFinal, type MessageState } from '../../src/domain/message-state.ts'
import { eventually } from '../../tests/support/eventually.ts'
import { freePort } from '../../tests/support/free-port.ts'
import { metric, statusCounts } from '../../tests/support/gateway-fixture.ts'
import type { TestDatabase } from '../../tests/support/test-database.ts'
import { latencySummary } from '../load/latency.ts'
import { planOf, startLoad } from '../load/load.ts'
import { oneBody, onePath, readIds, storedFaults } from '../messages.ts'
import { atMost, type Bench, failuresOf, type Row } from '../row.ts'

const messagesPerSecond = 1_000
const phaseMs = 10_000
/** Those accepted this soon after the kill are the ones that meet the dead provider. */
const affectedMs = 1_000
const reportTimeoutMs = 20_000

export const failover: Row = {
  name: 'failover',
  summary: 'primary killed and started again under 1,000/s, one message a POST',
  async run(bench) {
    const servers = await bench.servers()
    const primaryAddress = `127.0.0.1:${await freePort()}`
    const primaryUrl = `http://${primaryAddress}`
    const startPrimary = () => servers.start('operator', { OPERATOR_ADDR: primaryAddress })
    const primary = await startPrimary()
    await servers.start('operator')
    await servers.start('api')
    const processor = await servers.start('processor', {
      PROVIDER_PRIMARY_URL: `${primaryUrl}/primary`,
      REPORT_TIMEOUT_MS: String(reportTimeoutMs),
    })
    const circuitIs = (state: string) => circuitStateIs(processor.url, state)
    const idsPath = join(bench.directory, 'ids')
    const load = startLoad(
      planOf({
        url: `${servers.apiUrl}${onePath}`,
        body: oneBody,
        requestsPerSecond: messagesPerSecond,
        idsPath,
      }),
    )
    try {
      await pass(bench)
      const killedMs = Date.now()
      await primary.kill()
      await circuitIs('open')
      const openedMs = Date.now()
      await pass(bench)
      await startPrimary()
      const backMs = Date.now()
      await circuitIs('closed')
      const closedMs = Date.now()
      await pass(bench)
      load.end()
      const result = await load.done
      const ids = await readIds(idsPath)
      const counts = await settledCounts(servers.database)
      const inDoubt = await idsInDoubt(servers.database)
      const affected = ids.filter((id) => {
        const acceptedMs = messageIdTimeMs(id)
        return acceptedMs >= killedMs && acceptedMs < killedMs + affectedMs && !inDoubt.has(id)
      })
      // Infinite for one that never came to the other providers.
      const delays = latencySummary(await delaysMs(servers.operatorUrl, affected, bench.signal))
      const twice = await takenTwice([servers.operatorUrl, primaryUrl], ids, bench.signal)
      return {
        figures: [
          {
            what: `accept → another provider, of ${affected.length} accepted in the second after the kill: p99`,
            unit: 'ms',
            value: delays.p99,
            target: atMost(1_000),
          },
          { what: 'the slowest of them', unit: 'ms', value: delays.max, target: atMost(1_000) },
          {
            what: 'in doubt when the primary died, sent again: not counted above',
            unit: 'messages',
            value: inDoubt.size,
            target: null,
          },
          {
            what: 'taken twice by those that lived, and not in doubt',
            unit: 'messages',
            value: twice.filter((id) => !inDoubt.has(id)).length,
            target: atMost(0),
          },
          {
            what: 'accept p99 over the whole run',
            unit: 'ms',
            value: result.latencyMs.p99,
            target: atMost(25),
          },
          {
            what: 'circuit seen open after the kill',
            unit: 'ms',
            value: openedMs - killedMs,
            target: null,
          },
          {
            what: 'circuit seen closed after the return',
            unit: 'ms',
            value: closedMs - backMs,
            target: null,
          },
          {
            what: `accepted ${ids.length}, delivered ${counts.delivered ?? 0}; without a report of the killed process`,
            unit: 'messages',
            value: counts.unknown ?? 0,
            target: null,
          },
        ],
        floor: null,
        cpuMicroseconds: {},
        faults: [...failuresOf(result), ...(await storedFaults(servers.database, ids.length))],
      }
    } finally {
      load.close()
    }
  },
}

async function pass({ scale, signal }: Bench): Promise<void> {
  await Bun.sleep(phaseMs * scale)
  signal.throwIfAborted()
}

async function circuitStateIs(url: string, state: string): Promise<void> {
  const labels = { provider: 'primary', state }
  await eventually(async () => (await metric(url, 'sms_provider_circuit_state', labels)) === 1, {
    what: `the primary's circuit is ${state}`,
    timeoutMs: 60_000,
  })
}

/** Those whose submit to the primary broke off: it may have taken them. */
async function idsInDoubt(database: TestDatabase): Promise<ReadonlySet<string>> {
  const rows = await database.sql<{ id: string }[]>`
    SELECT id FROM messages WHERE failures @> '[{"kind": "indeterminate"}]'`
  return new Set(rows.map(({ id }) => id))
}

/** Ids that one operator took more than once, or two of them at all; what the killed one had taken nobody knows. */
async function takenTwice(
  operatorUrls: readonly string[],
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const repeated = new Set<string>()
  const seen = new Set<string>()
  for (const url of operatorUrls) {
    const evidence = await evidenceOf(url, ids, signal)
    for (const { reference } of evidence.repeated) repeated.add(reference)
    const missing = new Set(evidence.missing)
    for (const id of ids) {
      if (missing.has(id)) continue
      if (seen.has(id)) repeated.add(id)
      seen.add(id)
    }
  }
  return [...repeated]
}

/** By status, once every message has ended, and none as `failed`. */
async function settledCounts(database: TestDatabase): Promise<Record<string, number>> {
  return await eventually(
    async () => {
      const counts = await statusCounts(database)
      const ended = (status: string) => isFinal(status as MessageState) && status !== 'failed'
      return Object.keys(counts).every(ended) ? counts : null
    },
    { what: 'every message is final', timeoutMs: reportTimeoutMs * 3, intervalMs: 500 },
  )
}
