/**
 * From queue entries to settled messages: reserve a place at a provider for each, claim the whole batch under those
 * providers, submit what was claimed, record, acknowledge. An entry whose claim finds nothing is stale and is only acknowledged.
 *
 * Two kinds of failure are kept apart: a submit that failed is an outcome and is recorded; a claim or a settlement that could
 * not be recorded leaves the entry unacknowledged, for the reclaim and the sweep to find.
 */
import { newClaimToken } from '../domain/claim-token.ts'
import type { ClaimedMessage, Lane, MessageId } from '../domain/message.ts'
import { messageIdTimeMs } from '../domain/message-id.ts'
import type { RetrySchedule } from '../domain/retry-schedule.ts'
import type { ProviderPool, Reservation } from '../providers/provider-pool.ts'
import type { Queue, QueueEntry } from '../queue/queue.ts'
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Permits } from '../runtime/permits.ts'
import { retry } from '../runtime/retry.ts'
import { beginBatch, type Tracing } from '../runtime/tracing.ts'
import type { Reassignment } from '../store/message-claims.ts'
import type { Store } from '../store/store.ts'
import type { MessageRouting } from './message-routing.ts'
import { createOutcomeLog } from './outcome-log.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'
import type { Recorder } from './recorder.ts'
import { unrouted, waits } from './round-result.ts'
import { type Errand, runRound, type SubmissionOptions } from './submission.ts'

export interface DispatcherOptions {
  readonly store: Pick<Store, 'claimMessages' | 'reassignMessages'>
  readonly queue: Pick<Queue, 'append'>
  readonly pool: ProviderPool
  readonly routing: MessageRouting
  readonly recorder: Recorder
  readonly permits: Permits
  readonly retry: RetrySchedule
  readonly claimLeaseMs: number
  readonly roundMsMax: number
  readonly senderIdDefault: string | null
  readonly metrics: ProcessorMetrics
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
  /** Whether PostgreSQL refuses a value in the statement, so that trying again cannot help. */
  readonly isDataFault: (error: unknown) => boolean
  /** Aborts when the process begins to stop: entries without a place are handed back. */
  readonly placeSignal: AbortSignal
  /** Aborts when the grace time is over: submits under way are broken off. */
  readonly workSignal: AbortSignal
}

export interface Dispatcher {
  /** Takes entries for which the caller has taken permits; gives each permit back when its message is settled. */
  dispatch(lane: Lane, entries: readonly QueueEntry[]): void
  /** Returns entries that were read but not dispatched to the queue, for another process. */
  handBack(lane: Lane, entries: readonly QueueEntry[]): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  close(): Promise<void>
}

interface Placed {
  readonly entry: QueueEntry
  readonly reservation: Reservation
}

const answerPauseMs = 100
const answerPauseMsMax = 1_000

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, pool, routing, recorder, permits, metrics, logger, clock } = options
  const { placeSignal, workSignal, tracing } = options
  const underWay = new Set<Promise<void>>()

  const queueWait = {
    normal: metrics.queueWait.labels({ lane: 'normal' }),
    express: metrics.queueWait.labels({ lane: 'express' }),
  }

  const reassigner = createBatcher<Reassignment, boolean>({
    name: 'reassign',
    batchMax: 1_000,
    pendingMax: 1_000_000,
    flightsMax: 2,
    lingerMs: 2,
    run: async (items) => {
      const ours = await untilAnswered({ event: 'reassign.failed', count: items.length }, () =>
        store.reassignMessages(items, options.claimLeaseMs),
      )
      return items.map((item) => ours.has(item))
    },
    isItemFault: options.isDataFault,
    onBatch: (size) => metrics.batchSize.observe({ statement: 'reassign' }, size),
  })

  const submission: SubmissionOptions = {
    pool,
    places: routing.places,
    retry: options.retry,
    roundMsMax: options.roundMsMax,
    senderIdDefault: options.senderIdDefault,
    clock,
    random: options.random,
    reassign: (reassignment) => reassigner.add(reassignment),
    onOutcome: createOutcomeLog(metrics, logger),
    workSignal,
    tracing,
  }

  function dispatch(lane: Lane, entries: readonly QueueEntry[]): void {
    const work = dispatchBatch(lane, entries).finally(() => underWay.delete(work))
    underWay.add(work)
  }

  /**
   * What has a place goes on at once. A place may be the probe of a half-open circuit: kept while the others wait for
   * theirs, it would keep the circuit from closing and so the others from ever getting one.
   */
  async function dispatchBatch(lane: Lane, entries: readonly QueueEntry[]): Promise<void> {
    const parts: Promise<void>[] = []
    let rest = entries
    while (rest.length > 0) {
      const placed = await placeSome(lane, rest)
      if (placed.length === 0) break
      parts.push(submitPlaced(lane, placed))
      rest = rest.slice(placed.length)
    }
    if (rest.length > 0) {
      await handBack(lane, rest)
      permits.give(lane === 'express', rest.length)
    }
    await Promise.all(parts)
  }

  async function submitPlaced(lane: Lane, placed: readonly Placed[]): Promise<void> {
    const release = (count: number): void => permits.give(lane === 'express', count)
    const startedAtMs = clock.now()
    const claimed = await claim(lane, placed)
    if (claimed === null) {
      for (const { reservation } of placed) reservation.cancel()
      release(placed.length)
      return
    }
    beginBatch(tracing, 'claim batch', claimed, startedAtMs)?.end()
    metrics.batchSize.observe({ statement: 'claim' }, placed.length)
    metrics.claimed.inc({ lane }, claimed.length)
    const claimedAtMs = clock.monotonicMs()
    const routes = await routing.find(claimed)
    const messages = new Map(claimed.map((message) => [message.id, message]))
    const ours: { message: ClaimedMessage; entry: QueueEntry; place: Reservation | null }[] = []
    // Places where a message may not go are all given back before any is taken instead: they may be what another one needs.
    for (const { entry, reservation } of placed) {
      const message = messages.get(entry.id)
      // Each message once, even when its id was twice in the batch.
      messages.delete(entry.id)
      if (message === undefined) {
        reservation.cancel()
        metrics.stale.inc({ lane })
        recorder.acknowledge(lane, entry.receipt)
        release(1)
      } else {
        if (message.attempt === 1) {
          // Two machines' clocks: the difference may be below 0.
          const waitedMs = Math.max(0, clock.now() - messageIdTimeMs(message.id))
          queueWait[lane].observe(waitedMs / 1_000)
        }
        ours.push({ message, entry, place: routing.usable(message, reservation, routes) })
      }
    }
    const rounds = ours.map(({ message, entry, place }) => {
      const errand = { route: routes?.get(message.id) ?? null, claimedAtMs }
      return settle(message, entry, place, routes === undefined ? null : errand).finally(() =>
        release(1),
      )
    })
    await Promise.all(rounds)
  }

  /**
   * Tries until it is answered: permits and places stay taken, so reading stops while PostgreSQL is away, and the backlog
   * stays in the queue. Null when the process has to end first, or the statement is refused for what is in it.
   */
  async function claim(lane: Lane, placed: readonly Placed[]): Promise<ClaimedMessage[] | null> {
    // An id that is in the batch twice is submitted where its first entry has a place.
    const providers = new Map<MessageId, string>()
    for (const { entry, reservation } of placed) {
      if (!providers.has(entry.id)) providers.set(entry.id, reservation.provider)
    }
    const claims = Array.from(providers, ([id, provider]) => ({ id, provider }))
    const token = newClaimToken(options.random)
    try {
      return await untilAnswered({ event: 'claim.failed', lane, count: claims.length }, () =>
        store.claimMessages(claims, options.claimLeaseMs, token),
      )
    } catch {
      return null
    }
  }

  /**
   * While PostgreSQL is away: nothing that it would have to know goes out, and nobody else is told that it might have.
   * @throws when the process has to end first, or the statement is refused for what is in it
   */
  function untilAnswered<T>(event: Record<string, unknown>, ask: () => Promise<T>): Promise<T> {
    return retry(ask, {
      pauseMs: answerPauseMs,
      pauseMsMax: answerPauseMsMax,
      signal: workSignal,
      isFinal: options.isDataFault,
      onFailure: (error, attempt) => logger.error({ ...event, attempt, err: error }),
    })
  }

  /**
   * A place for as many entries as there are places now, from the first on; waits for the first place while providers are
   * full, or all failing. None when the process stops.
   */
  async function placeSome(lane: Lane, entries: readonly QueueEntry[]): Promise<Placed[]> {
    const express = lane === 'express'
    const placed: Placed[] = []
    for (const entry of entries) {
      let reservation = pool.reserve({ express })
      while (reservation === null && placed.length === 0 && !placeSignal.aborted) {
        await pool.whenRoom(express, placeSignal)
        reservation = pool.reserve({ express })
      }
      if (reservation === null) break
      placed.push({ entry, reservation })
    }
    return placed
  }

  /** Read but not claimed, and the process is stopping: another one shall have them now, not after the reclaim's wait. */
  async function handBack(lane: Lane, entries: readonly QueueEntry[]): Promise<void> {
    try {
      await options.queue.append(
        lane,
        entries.map((entry) => entry.id),
        entries.map((entry) => entry.share),
      )
      for (const entry of entries) recorder.acknowledge(lane, entry.receipt)
    } catch (error) {
      logger.warn({ event: 'hand_back.failed', lane, count: entries.length, err: error })
    }
  }

  async function settle(
    message: ClaimedMessage,
    entry: QueueEntry,
    place: Reservation | null,
    errand: Errand | null,
  ): Promise<void> {
    try {
      const result =
        errand === null
          ? waits(message, options)
          : await runRound(message, place, errand, submission)
      const why = unrouted(result)
      if (why !== null) metrics.routed.inc({ lane: message.lane, result: why })
      const { lane, traceparent } = message
      if (result.kind === 'sent') await recorder.recordSent(lane, result.settlement, traceparent)
      else if (result.kind === 'unsent') {
        await recorder.recordUnsent(result.settlement, traceparent)
      }
      recorder.acknowledge(message.lane, entry.receipt)
    } catch (error) {
      // Not recorded, so not acknowledged: the claim's lease runs out and recovery decides.
      logger.error({ event: 'round.unrecorded', message_id: message.id, err: error })
    }
  }

  return {
    dispatch,
    handBack,
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    close: () => reassigner.close(),
  }
}
