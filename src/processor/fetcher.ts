/**
 * The fetch loop of one lane. It asks for at most as many entries as this process may have under way and as the providers
 * have room for, so a backlog stays in the queue and a slow provider stops the reading. The other lane may have taken the
 * permits while a read was waiting: what was read then waits for permits here, and no read follows it.
 *
 * | read fails | pause before the next | what is logged |
 * |---|---|---|
 * | 1st in a row | 100 ms | a warning |
 * | nth in a row | 100 ms × 2ⁿ⁻¹, at most 2 s | nothing until it works again, then how long it was away |
 */
import type { Lane } from '../domain/message.ts'
import type { ProviderPool } from '../providers/provider-pool.ts'
import type { Queue, QueueEntry, QueueReader } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { pause } from '../runtime/notifier.ts'
import type { Permits } from '../runtime/permits.ts'
import type { Service } from '../runtime/service.ts'
import type { Dispatcher } from './dispatcher.ts'

export interface FetcherOptions {
  readonly lane: Lane
  readonly consumer: string
  readonly queue: Pick<Queue, 'reader'>
  readonly pool: Pick<ProviderPool, 'room' | 'whenRoom'>
  readonly permits: Permits
  readonly dispatcher: Pick<Dispatcher, 'dispatch' | 'handBack'>
  readonly logger: Logger
  readonly clock: Clock
}

/** The most entries in one read, and so in one claim. */
const readMax = 500
const blockMs = 1_000
const failurePauseMs = 100
const failurePauseMsMax = 2_000
/**
 * While entries keep coming, reads are this far apart, so that claims come in batches. An entry that comes to an idle lane
 * waits for nothing.
 */
const cooldownMs: Readonly<Record<Lane, number>> = { normal: 8, express: 2 }

export function createFetcher(options: FetcherOptions): Service {
  const { lane, permits, pool, dispatcher, logger, clock } = options
  const express = lane === 'express'
  const stopping = new AbortController()
  const { signal } = stopping
  let running: Promise<void> | undefined

  async function loop(reader: QueueReader): Promise<void> {
    let failures = 0
    let awaySinceMs = 0
    while (!signal.aborted) {
      const count = await room()
      if (count === 0) continue
      try {
        const startedAtMs = clock.monotonicMs()
        const entries = await reader.read(count, blockMs, signal)
        if (failures > 0) {
          logger.info({
            event: 'fetch.recovered',
            lane,
            away_ms: clock.monotonicMs() - awaySinceMs,
          })
          failures = 0
        }
        if (entries.length === 0) continue
        await dispatchAll(entries)
        const leftMs = cooldownMs[lane] - (clock.monotonicMs() - startedAtMs)
        if (entries.length < count && leftMs > 0) await pause(leftMs, signal)
      } catch (error) {
        if (signal.aborted) return
        if (failures++ === 0) {
          awaySinceMs = clock.monotonicMs()
          logger.warn({ event: 'fetch.failed', lane, err: error })
        }
        await pause(Math.min(failurePauseMsMax, failurePauseMs * 2 ** (failures - 1)), signal)
      }
    }
  }

  /** In parts as permits come free; what is left when the process stops goes back to the queue. */
  async function dispatchAll(entries: readonly QueueEntry[]): Promise<void> {
    let rest = entries
    while (rest.length > 0 && !signal.aborted) {
      const part = rest.slice(0, permits.free(express))
      if (part.length === 0) {
        await permits.whenGiven(signal)
        continue
      }
      permits.take(express, part.length)
      dispatcher.dispatch(lane, part)
      rest = rest.slice(part.length)
    }
    if (rest.length > 0) await dispatcher.handBack(lane, rest)
  }

  /** How many may be read now; waits for the first, and answers 0 to look again. */
  async function room(): Promise<number> {
    const permitted = permits.free(express)
    if (permitted === 0) {
      await permits.whenGiven(signal)
      return 0
    }
    const placeable = pool.room(express)
    if (placeable === 0) {
      await pool.whenRoom(express, signal)
      return 0
    }
    return Math.min(permitted, placeable, readMax)
  }

  return {
    name: `fetch ${lane}`,
    async start() {
      const reader = options.queue.reader(lane, options.consumer)
      running ??= loop(reader).finally(() => reader.close())
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
