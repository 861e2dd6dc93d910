/**
 * The chores that keep every message moving whatever died: promoter, sweeper, reclaimer, parked reports. All run in every
 * processor; the statements see to it that two never decide about the same row.
 */
import { dayMs } from '../domain/duration.ts'
import { type Lane, lanes, type MessageId } from '../domain/message.ts'
import { createOutstandingByLane } from '../domain/outstanding.ts'
import { parkedReportKeptMs } from '../domain/provider-report.ts'
import type { ProviderPool } from '../providers/provider-pool.ts'
import type { Queue, QueueDepth } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { pause } from '../runtime/notifier.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Permits } from '../runtime/permits.ts'
import type { Service } from '../runtime/service.ts'
import { type Tracing, traceReports } from '../runtime/tracing.ts'
import type { Store } from '../store/store.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'
import { recordPauseMsMax } from './recorder.ts'

export interface RecoveryOptions {
  readonly store: Pick<
    Store,
    'promoteDue' | 'sweepLane' | 'checkParkedReports' | 'endAbandonedSessions' | 'ping'
  >
  readonly queue: Pick<Queue, 'append' | 'depth' | 'reclaim'>
  readonly pool: Pick<ProviderPool, 'unknownProviders' | 'room'>
  readonly permits: Permits
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>
  readonly consumer: string
  readonly promoteIntervalMs: number
  readonly sweepIntervalMs: number
  readonly sweepGraceMs: number
  /** For this long after its acceptance a message may be sent. */
  readonly validityMs: number
  readonly reclaimIdleMs: number
  readonly claimLeaseMs: number
  readonly reportTimeoutMs: number
  readonly attemptsMax: number
  readonly retentionDays: number
  readonly metrics: ProcessorMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** Rows that were put back into the queue are looked at again after this time. */
const recheckMs = 30_000
/**
 * After an outage of PostgreSQL, what became of the messages under way is recorded first: promoted before that, those whose
 * lease ended meanwhile would be sent again although their processor lives and knows. Time for several tries: a server that
 * has just come back still refuses some. Who has just started cannot tell whether there was an outage.
 */
const recordersFirstMs = 8 * recordPauseMsMax
/** Older than anything in a queue. */
const ageMsMax = 3_650 * dayMs
const reclaimIntervalMs = 2_000
const reclaimMax = 500
const abandonedIntervalMs = 2_000
const parkedIntervalMs = 250
const manyMatchedMin = 100

/** With the queue's clock set back, all that was appended counts as waiting. */
function knownAgeMs({ oldestAgeMs }: QueueDepth): number | null {
  return oldestAgeMs !== null && oldestAgeMs < 0 ? ageMsMax : oldestAgeMs
}

export function createRecoveryServices(options: RecoveryOptions): Service[] {
  const { store, queue, metrics, logger, clock } = options
  const onError =
    (chore: string) =>
    (error: unknown): void =>
      logger.warn({ event: 'recovery.failed', chore, err: error })

  /** Of what this process puts back into the queue. */
  const outstanding = createOutstandingByLane()
  let maybeAfterOutage = true

  async function promote(signal: AbortSignal): Promise<boolean> {
    if (maybeAfterOutage) {
      await store.ping()
      await pause(recordersFirstMs, signal)
      if (signal.aborted) return false
    }
    maybeAfterOutage = true
    const more = await promoteNow()
    maybeAfterOutage = false
    return more
  }

  /** A batch of each lane at a time: however many are due in one, they do not stand before those of the other. */
  async function promoteNow(): Promise<boolean> {
    const ages = await oldestQueuedAges()
    const promoted = await Promise.allSettled([
      promoteLane('express', ages.express),
      promoteLane('normal', ages.normal),
    ])
    for (const result of promoted) if (result.status === 'rejected') throw result.reason
    return promoted.some((result) => result.status === 'fulfilled' && result.value)
  }

  /** Whether there may be more. What was decided and could not be appended is looked at again. */
  async function promoteLane(lane: Lane, oldestQueuedAgeMs: number | null): Promise<boolean> {
    const { promotions, more } = await store.promoteDue(lane, {
      recheckMs,
      reportTimeoutMs: options.reportTimeoutMs,
      unknownProviders: options.pool.unknownProviders,
      attemptsMax: options.attemptsMax,
      oldestQueuedAgeMs,
    })
    const ids: MessageId[] = []
    const shares: number[] = []
    const nowMs = clock.monotonicMs()
    for (const { id, customerId, action, wasSending } of promotions) {
      metrics.recovered.inc({ action, lane })
      if (action === 'enqueue') {
        ids.push(id)
        shares.push(outstanding[lane].place(customerId, nowMs))
      }
      if (wasSending) logger.warn({ event: 'message.in_doubt', message_id: id, lane, action })
    }
    if (ids.length > 0) await queue.append(lane, ids, shares)
    return more
  }

  /** A lane whose queue cannot tell, alone, is taken for one where all that was appended still waits. */
  async function oldestQueuedAges(): Promise<Record<Lane, number | null>> {
    const [normal, express] = await Promise.allSettled([
      measureDepth('normal'),
      measureDepth('express'),
    ])
    if (normal.status === 'rejected' && express.status === 'rejected') throw normal.reason
    const ageMs = (depth: PromiseSettledResult<QueueDepth>): number | null =>
      depth.status === 'fulfilled' ? knownAgeMs(depth.value) : ageMsMax
    return { normal: ageMs(normal), express: ageMs(express) }
  }

  async function measureDepth(lane: Lane): Promise<QueueDepth> {
    const askedAtMs = clock.monotonicMs()
    const depth = await queue.depth(lane)
    outstanding[lane].measured(depth.shareAgesMs, askedAtMs)
    return depth
  }

  async function sweep(lane: Lane): Promise<boolean> {
    const { found, more } = await store.sweepLane(lane, {
      oldestQueuedAgeMs: knownAgeMs(await queue.depth(lane)),
      validityMs: options.validityMs,
      graceMs: options.sweepGraceMs,
      leaseMs: options.claimLeaseMs,
      reportTimeoutMs: options.reportTimeoutMs,
    })
    for (const [status, count] of Object.entries(found)) {
      metrics.sweepFound.inc({ lane, status }, count)
    }
    return more
  }

  async function reclaim(lane: Lane): Promise<boolean> {
    const express = lane === 'express'
    const count = Math.min(options.permits.free(express), options.pool.room(express), reclaimMax)
    if (count === 0) return false
    const entries = await queue.reclaim(lane, options.consumer, options.reclaimIdleMs, count)
    if (entries.length === 0) return false
    logger.warn({ event: 'queue.reclaimed', lane, count: entries.length })
    // The fetch loops may have taken permits meanwhile: what has no permit stays pending for the next round.
    const taken = entries.slice(0, options.permits.free(express))
    options.permits.take(express, taken.length)
    options.dispatcher.dispatch(lane, taken)
    return entries.length === count
  }

  async function endAbandoned(): Promise<undefined> {
    const count = await store.endAbandonedSessions(options.sweepGraceMs)
    if (count > 0) logger.warn({ event: 'session.abandoned', count })
    return undefined
  }

  /** Goes on at once while many find their message: those of a campaign that was scheduled days ahead all come this way. */
  async function checkParked(): Promise<boolean> {
    const windowMs = options.retentionDays * dayMs
    const nowMs = clock.now()
    const applied = await store.checkParkedReports(windowMs, parkedReportKeptMs, nowMs)
    traceReports(options.tracing, applied.traced, nowMs)
    if (applied.matched > 0) metrics.parkedMatched.inc(applied.matched)
    return applied.matched >= manyMatchedMin
  }

  const chore = (
    name: string,
    intervalMs: number,
    run: (signal: AbortSignal) => Promise<boolean | undefined>,
  ): Service => createPeriodic({ name, intervalMs, run, onError: onError(name) })

  return [
    chore('promote', options.promoteIntervalMs, promote),
    // One lane's trouble is not the other's.
    ...lanes.flatMap((lane) => [
      chore(`sweep ${lane}`, options.sweepIntervalMs, () => sweep(lane)),
      chore(`reclaim ${lane}`, reclaimIntervalMs, () => reclaim(lane)),
    ]),
    chore('end abandoned sessions', abandonedIntervalMs, endAbandoned),
    chore('check parked reports', parkedIntervalMs, checkParked),
  ]
}
