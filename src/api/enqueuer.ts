/** Putting committed messages into the queue. It may fail, and then costs time but no message: the sweep enqueues them. */
import type { Lane, MessageId } from '../domain/message.ts'
import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ApiMetrics } from './api-metrics.ts'

export interface EnqueuerOptions {
  readonly queue: Pick<Queue, 'append'>
  readonly metrics: Pick<ApiMetrics, 'enqueueFailures'>
  readonly logger: Logger
  readonly clock: Clock
}

/** What goes into a lane: ids, and the share of each. */
export interface Enqueued {
  readonly ids: readonly MessageId[]
  readonly shares: readonly number[]
}

/** Express goes first. Never throws. */
export type Enqueue = (enqueued: Readonly<Record<Lane, Enqueued>>) => Promise<void>

const logIntervalMs = 1_000

/** A queue that fails only after this long hangs, and every commit would hang with it: it is left alone for a while. */
const slowFailureMsMin = 250
const pauseAfterSlowFailureMs = 1_000

export function createEnqueuer(options: EnqueuerOptions): Enqueue {
  const { queue, metrics, logger, clock } = options
  let loggedAtMs = Number.NEGATIVE_INFINITY
  let pausedUntilMs = Number.NEGATIVE_INFINITY

  async function append(lane: Lane, { ids, shares }: Enqueued): Promise<void> {
    if (ids.length === 0) return
    const startedAtMs = clock.monotonicMs()
    if (startedAtMs < pausedUntilMs) {
      metrics.enqueueFailures.inc({ lane }, ids.length)
      return
    }
    try {
      await queue.append(lane, ids, shares)
    } catch (error) {
      metrics.enqueueFailures.inc({ lane }, ids.length)
      const nowMs = clock.monotonicMs()
      if (nowMs - startedAtMs >= slowFailureMsMin) pausedUntilMs = nowMs + pauseAfterSlowFailureMs
      if (nowMs - loggedAtMs < logIntervalMs) return
      loggedAtMs = nowMs
      logger.warn({ event: 'enqueue.failed', lane, count: ids.length, err: error })
    }
  }

  return async function enqueue({ express, normal }) {
    await Promise.all([append('express', express), append('normal', normal)])
  }
}
