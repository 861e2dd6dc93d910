/** A dispatcher for unit tests. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { ClaimedMessage } from '../../src/domain/message.ts'
import type { SubmitOutcome } from '../../src/domain/submit-outcome.ts'
import type { CustomerRouting } from '../../src/processor/customer-routing.ts'
import { createDispatcher } from '../../src/processor/dispatcher.ts'
import { createMessageRouting } from '../../src/processor/message-routing.ts'
import { createProcessorMetrics } from '../../src/processor/processor-metrics.ts'
import { createRoutePlaces } from '../../src/processor/route-places.ts'
import type { ProviderSettings } from '../../src/providers/provider.ts'
import { createProviderPool } from '../../src/providers/provider-pool.ts'
import type { QueueEntry } from '../../src/queue/queue.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { createPermits } from '../../src/runtime/permits.ts'
import type { ClaimRequest, Reassignment } from '../../src/store/message-claims.ts'
import type { UnsentSettlement } from '../../src/store/settlements.ts'
import { providerSettings } from './provider-settings.ts'

export const provider = providerSettings('a')
export const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
export const refused: SubmitOutcome = { kind: 'unavailable', code: 'econnrefused', detail: '' }

interface Script {
  /** The outcome of the nth submit, from 1. */
  readonly outcomeOf?: (nth: number) => SubmitOutcome
  /** Called before the nth claim, from 1; what it throws, the claim throws. */
  readonly beforeClaim?: (nth: number) => void
  /** Likewise before the nth move to another provider. */
  readonly beforeReassign?: (nth: number) => void
  readonly providers?: readonly ProviderSettings[]
  readonly customers?: Partial<CustomerRouting>
}

/** A dispatcher between a store that has every message and a provider that follows the script. */
export function setupDispatcher({
  outcomeOf = () => taken,
  beforeClaim,
  beforeReassign,
  ...script
}: Script) {
  const work = new AbortController()
  const sent: string[] = []
  const unsent: UnsentSettlement[] = []
  const acknowledged: string[] = []
  const requested: ClaimRequest[] = []
  const reassigned: Reassignment[] = []
  let submits = 0
  let claims = 0
  let moves = 0
  const permits = createPermits({ max: 100, reservedMax: 10 })
  const pool = createProviderPool({
    providers: script.providers ?? [provider],
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 5,
      openMs: 20,
      openMsMax: 40,
    },
    createDriver: () => ({
      submit: async () => outcomeOf(++submits),
      close: async () => undefined,
    }),
    clock: systemClock,
    random: () => 0.5,
  })
  const metrics = createProcessorMetrics(new Registry())
  const logger = pino({ level: 'silent' })
  const dispatcher = createDispatcher({
    tracing: null,
    routing: createMessageRouting({
      pool,
      customers: { isUsed: false, find: () => null, ...script.customers },
      places: createRoutePlaces({ pool, waitingMax: 50, clock: systemClock }),
      findMsMax: 1_000,
      metrics,
      logger,
      clock: systemClock,
    }),
    store: {
      claimMessages: async (requests) => {
        beforeClaim?.(++claims)
        requested.push(...requests)
        return requests.map(claimedMessage)
      },
      reassignMessages: async (reassignments) => {
        beforeReassign?.(++moves)
        reassigned.push(...reassignments)
        return new Set(reassignments)
      },
    },
    queue: { append: () => Promise.reject(new Error('nothing is handed back')) },
    pool,
    recorder: {
      recordSent: async (_lane, { id }) => void sent.push(id),
      recordUnsent: async (settlement) => void unsent.push(settlement),
      acknowledge: (_lane, receipt) => void acknowledged.push(receipt),
      close: async () => undefined,
    },
    permits,
    retry: { attemptsMax: 3, backoffBaseMs: 1_000, backoffMsMax: 60_000 },
    claimLeaseMs: 60_000,
    roundMsMax: 0,
    senderIdDefault: null,
    metrics,
    logger,
    clock: systemClock,
    random: () => 0.5,
    isDataFault: (error) => String(error).includes('data fault'),
    placeSignal: new AbortController().signal,
    workSignal: work.signal,
  })
  return {
    dispatch(entries: readonly QueueEntry[]) {
      permits.take(false, entries.length)
      dispatcher.dispatch('normal', entries)
    },
    dispatcher,
    permits,
    pool,
    work,
    sent,
    unsent,
    acknowledged,
    requested,
    claims: () => claims,
    moves: () => reassigned,
  }
}

function claimedMessage({ id, provider: name }: ClaimRequest): ClaimedMessage {
  return {
    id,
    customerId: 1,
    lane: 'normal',
    recipient: '+1234567890',
    senderId: null,
    text: 'hi',
    attempt: 1,
    claimToken: '1',
    provider: name,
    inDoubtProvider: null,
    traceparent: null,
  }
}

export const entriesOf = (count: number): QueueEntry[] =>
  Array.from({ length: count }, () => {
    const id = Bun.randomUUIDv7()
    return { id, receipt: `receipt of ${id}`, share: 0 }
  })
export const receiptsOf = (entries: readonly QueueEntry[]) =>
  entries.map(({ receipt }) => receipt).sort()
