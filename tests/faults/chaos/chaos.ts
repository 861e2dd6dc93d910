/**
 * Chaos: the cluster under load, something killed or emptied every few seconds, and then the reckoning: every id that got a
 * 202 is final, nothing is missing at the operator, and what came twice is what may come twice.
 */
import { isFinal, type MessageState } from '../../../src/domain/message-state.ts'
import { eventually } from '../../support/eventually.ts'
import { behave, identities, post, verify } from '../../support/gateway-fixture.ts'
import { type Cluster, type InDoubtPolicy, startCluster } from './cluster.ts'
import { startSteadyLoad } from './steady-load.ts'
import { strikes } from './strikes.ts'

export interface ChaosOptions {
  readonly rounds: number
  readonly roundMs: number
  readonly messagesPerSecond: number
  readonly inDoubt: InDoubtPolicy
  readonly onRound?: (round: Round) => void
}

export interface Round {
  readonly strike: string
  /** Messages that may have been put in doubt: claimed by somebody when a processor was killed. */
  readonly inDoubtMax: number
  /** Until what was struck ran again. */
  readonly backMs: number
  /** From the strike until a message given to each API after it was final. */
  readonly recoveredMs: number
}

export interface Reckoning {
  readonly rounds: readonly Round[]
  readonly accepted: number
  readonly refused: number
  /** Of the accepted, by final state. */
  readonly states: Readonly<Record<string, number>>
  /** Accepted, and not in the database. */
  readonly lost: number
  /** Accepted and sent or delivered, and never seen by the operator. */
  readonly neverTaken: number
  /** Taken more than once. */
  readonly duplicates: number
  /** Of those, with more than one idempotency key. */
  readonly keysDiffer: number
  /** From the end of the load until every message was final. */
  readonly settledMs: number
}

const settleMsMax = 180_000
const recoverMsMax = 90_000
const idsAtOnce = 20_000

export async function runChaos(options: ChaosOptions): Promise<Reckoning> {
  const cluster = await startCluster(options.inDoubt)
  try {
    await dropDeduplication(cluster)
    const urls = cluster.apis.map(({ url }) => url)
    const load = startSteadyLoad({ urls, messagesPerSecond: options.messagesPerSecond })
    const rounds: Round[] = []
    try {
      for (let index = 0; index < options.rounds; index++) {
        const beginsAt = performance.now()
        const round = await strikeOnce(cluster, index)
        rounds.push(round)
        options.onRound?.(round)
        const restMs = options.roundMs - (performance.now() - beginsAt)
        if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs))
      }
    } finally {
      await load.end()
    }
    const endedAt = performance.now()
    await allFinal(cluster)
    const settledMs = performance.now() - endedAt
    return {
      rounds,
      accepted: load.accepted.length,
      refused: load.refused,
      settledMs,
      ...(await reckon(cluster, load.accepted)),
    }
  } catch (error) {
    throw new Error(`chaos did not end; the roles logged:\n${cluster.logs().slice(-5_000)}`, {
      cause: error,
    })
  } finally {
    await cluster.close()
  }
}

/** A provider that takes everything it is given, so that nothing hides a message that is sent twice. */
async function dropDeduplication({ operatorUrl }: Cluster): Promise<void> {
  for (const identity of identities) await behave(operatorUrl, identity, { deduplicate: false })
}

async function strikeOnce(cluster: Cluster, index: number): Promise<Round> {
  const strike = strikes[index % strikes.length]
  if (strike === undefined) throw new Error('there are strikes')
  const beginsAt = performance.now()
  const inDoubtMax = await strike.run(cluster)
  const backMs = performance.now() - beginsAt
  await Promise.all(cluster.apis.map(({ url }) => messageGoesThrough(cluster, url)))
  const recoveredMs = performance.now() - beginsAt
  return { strike: strike.name, inDoubtMax, backMs, recoveredMs }
}

/** A new message is accepted there and becomes final. */
async function messageGoesThrough({ database }: Cluster, url: string): Promise<void> {
  const body = { phone: '+1234567890', message: 'probe', customer_id: 2 }
  const id = await eventually(
    async () => {
      const response = await post(`${url}/api/v1/messages`, body)
      return response.status === 202 ? ((await response.json()) as { id: string }).id : null
    },
    { what: `${url} accepts`, timeoutMs: recoverMsMax },
  )
  await eventually(
    async () => {
      const rows = await database.sql<{ status: MessageState }[]>`
        SELECT status FROM messages WHERE id = ${id}`
      return rows.some(({ status }) => isFinal(status))
    },
    { what: `${id} is final`, timeoutMs: recoverMsMax },
  )
}

async function allFinal({ database }: Cluster): Promise<void> {
  await eventually(
    async () => {
      const rows = await database.sql<{ status: MessageState; count: number }[]>`
        SELECT status, count(*)::int AS count FROM messages GROUP BY status`
      const open = rows.filter(({ status }) => !isFinal(status))
      if (open.length > 0) throw new Error(JSON.stringify(open))
      return true
    },
    { what: 'every message is final', timeoutMs: settleMsMax, intervalMs: 250 },
  )
}

async function reckon({ database, operatorUrl }: Cluster, accepted: readonly string[]) {
  const states: Record<string, number> = {}
  const [found, taken] = [new Set<string>(), new Set<string>()]
  const sent: string[] = []
  let neverTaken = 0
  let duplicates = 0
  let keysDiffer = 0
  for (let start = 0; start < accepted.length; start += idsAtOnce) {
    const ids = accepted.slice(start, start + idsAtOnce)
    const rows = await database.sql<{ id: string; status: MessageState }[]>`
      SELECT id, status FROM messages WHERE id = ANY(${`{${ids.join(',')}}`}::uuid[])`
    for (const { id, status } of rows) {
      found.add(id)
      states[status] = (states[status] ?? 0) + 1
      if (status === 'sent' || status === 'delivered' || status === 'undelivered') sent.push(id)
    }
    const seen = await verify(operatorUrl, ids)
    const missing = new Set(seen.missing)
    for (const id of ids) if (!missing.has(id)) taken.add(id)
    for (const { taken: times, idempotency_keys } of seen.repeated) {
      if (times > 1) duplicates++
      if (Array.isArray(idempotency_keys) && idempotency_keys.length > 1) keysDiffer++
    }
  }
  for (const id of sent) if (!taken.has(id)) neverTaken++
  return { states, lost: accepted.length - found.size, neverTaken, duplicates, keysDiffer }
}

/** What did not hold; empty when everything did. */
export function faultsOf(reckoning: Reckoning, inDoubt: InDoubtPolicy): string[] {
  const { lost, neverTaken, duplicates, keysDiffer, rounds, states } = reckoning
  const inDoubtMax = rounds.reduce((sum, round) => sum + round.inDoubtMax, 0)
  const duplicatesMax = inDoubt === 'resend' ? inDoubtMax : 0
  const faults: string[] = []
  if (lost > 0) faults.push(`${lost} accepted messages are not in the database`)
  if (neverTaken > 0) faults.push(`${neverTaken} messages count as sent and were never taken`)
  if (duplicates > duplicatesMax) {
    faults.push(`${duplicates} messages were taken more than once, where ${duplicatesMax} may be`)
  }
  if (keysDiffer > 0) faults.push(`${keysDiffer} messages came with more than one idempotency key`)
  if ((states.failed ?? 0) > 0) faults.push(`${states.failed} messages failed`)
  if (reckoning.accepted === 0) faults.push('no message was accepted')
  return faults
}
