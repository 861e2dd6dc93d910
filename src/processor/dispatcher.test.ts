import { describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { ClaimedMessage } from '../domain/message.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import { createProviderPool } from '../providers/provider-pool.ts'
import type { QueueEntry } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import { createPermits } from '../runtime/permits.ts'
import type { ClaimRequest } from '../store/message-claims.ts'
import type { UnsentSettlement } from '../store/settlements.ts'
import { createDispatcher } from './dispatcher.ts'
import { createProcessorMetrics } from './processor-metrics.ts'

const provider = providerSettings('a')
const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
const refused: SubmitOutcome = { kind: 'unavailable', code: 'econnrefused', detail: '' }

interface Script {
  /** The outcome of the nth submit, from 1. */
  readonly outcomeOf?: (nth: number) => SubmitOutcome
  /** Called before the nth claim, from 1; what it throws, the claim throws. */
  readonly beforeClaim?: (nth: number) => void
  /** Likewise before the nth move to another provider. */
  readonly beforeReassign?: (nth: number) => void
  readonly providers?: readonly ProviderSettings[]
}

/** A dispatcher between a store that has every message and a provider that follows the script. */
function setup({ outcomeOf = () => taken, beforeClaim, beforeReassign, ...script }: Script) {
  const work = new AbortController()
  const sent: string[] = []
  const unsent: UnsentSettlement[] = []
  const acknowledged: string[] = []
  const requested: ClaimRequest[] = []
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
  const dispatcher = createDispatcher({
    store: {
      claimMessages: async (requests) => {
        beforeClaim?.(++claims)
        requested.push(...requests)
        return requests.map(claimedMessage)
      },
      reassignMessages: async (reassignments) => {
        beforeReassign?.(++moves)
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
    metrics: createProcessorMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
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
  }
}

function claimedMessage({ id, provider: name }: ClaimRequest): ClaimedMessage {
  return {
    id,
    lane: 'normal',
    recipient: '+1234567890',
    senderId: null,
    text: 'hi',
    attempt: 1,
    claimToken: '1',
    provider: name,
    inDoubtProvider: null,
  }
}

const entriesOf = (count: number): QueueEntry[] =>
  Array.from({ length: count }, () => {
    const id = Bun.randomUUIDv7()
    return { id, receipt: `receipt of ${id}`, share: 0 }
  })
const receiptsOf = (entries: readonly QueueEntry[]) => entries.map(({ receipt }) => receipt).sort()

describe('dispatching', () => {
  test('two batches wait for a provider that failed: each gets its probes, and all of both is sent', async () => {
    const gateway = setup({ outcomeOf: (nth) => (nth <= 9 ? refused : taken) })
    const failing = entriesOf(9)
    gateway.dispatch(failing)
    await gateway.dispatcher.idle()
    expect(gateway.pool.status()[0]?.circuit).toBe('open')
    const [first, second] = [entriesOf(15), entriesOf(15)]
    gateway.dispatch(first)
    gateway.dispatch(second)
    await gateway.dispatcher.idle()
    expect(gateway.pool.status()).toEqual([
      { name: 'a', mode: 'enabled', circuit: 'closed', inFlight: 0 },
    ])
    expect(gateway.sent.sort()).toEqual([...first, ...second].map(({ id }) => id).sort())
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a claim that fails is tried again with its permits and places kept, and nothing is given up', async () => {
    const permitsHeld: number[] = []
    const gateway = setup({
      beforeClaim: (nth) => {
        permitsHeld.push(gateway.permits.inUse)
        if (nth <= 2) throw new Error('the server is away')
      },
    })
    const entries = entriesOf(5)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(permitsHeld).toEqual([5, 5, 5])
    expect(gateway.sent.sort()).toEqual(entries.map(({ id }) => id).sort())
    expect(gateway.acknowledged.sort()).toEqual(receiptsOf(entries))
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a claim that is refused, or fails when the process has to end, leaves its entries for the reclaim', async () => {
    const refusedClaim = setup({
      beforeClaim: () => {
        throw new Error('data fault')
      },
    })
    refusedClaim.dispatch(entriesOf(5))
    await refusedClaim.dispatcher.idle()
    const ending = setup({
      beforeClaim: () => {
        ending.work.abort()
        throw new Error('the server is away')
      },
    })
    ending.dispatch(entriesOf(5))
    await ending.dispatcher.idle()
    for (const { claims, acknowledged, permits, pool } of [refusedClaim, ending]) {
      expect(claims()).toBe(1)
      expect(acknowledged).toEqual([])
      expect(permits.inUse).toBe(0)
      expect(pool.status()[0]?.inFlight).toBe(0)
    }
  })

  test('a move to another provider that fails is tried again before anything goes out there', async () => {
    const gateway = setup({
      providers: [provider, { ...provider, name: 'b' }],
      outcomeOf: (nth) => (nth === 1 ? refused : taken),
      beforeReassign: (nth) => {
        expect(gateway.sent).toEqual([])
        if (nth <= 2) throw new Error('the server is away')
      },
    })
    const entries = entriesOf(1)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.sent).toEqual(entries.map(({ id }) => id))
    expect(gateway.acknowledged).toEqual(receiptsOf(entries))
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a move that fails when the process has to end hands the message back: nobody has it', async () => {
    const gateway = setup({
      providers: [provider, { ...provider, name: 'b' }],
      outcomeOf: () => refused,
      beforeReassign: () => {
        gateway.work.abort()
        throw new Error('the server is away')
      },
    })
    const entries = entriesOf(1)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.unsent).toMatchObject([{ id: entries[0]?.id, result: 'released' }])
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a message claimed when the process has to end is handed back, not sent', async () => {
    const gateway = setup({ beforeClaim: () => gateway.work.abort() })
    const [entry] = entriesOf(1)
    gateway.dispatch(entry === undefined ? [] : [entry])
    await gateway.dispatcher.idle()
    expect(gateway.sent).toEqual([])
    expect(gateway.unsent).toMatchObject([{ id: entry?.id, result: 'released' }])
  })

  test('an id that is twice in a batch is sent once, and both entries are acknowledged', async () => {
    const gateway = setup({})
    const [entry] = entriesOf(1)
    if (entry === undefined) throw new Error('there is one')
    const again = { ...entry, receipt: 'another receipt' }
    gateway.dispatch([entry, again])
    await gateway.dispatcher.idle()
    expect(gateway.requested).toEqual([{ id: entry.id, provider: 'a' }])
    expect(gateway.sent).toEqual([entry.id])
    expect(gateway.acknowledged.sort()).toEqual(receiptsOf([entry, again]))
    expect(gateway.permits.inUse).toBe(0)
  })
})
