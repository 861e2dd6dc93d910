/**
 * The queue seam. A queue carries ids of messages that are ready; PostgreSQL holds everything else. A lane is made of shares
 * (domain/fair-share.ts), so that one customer's many do not stand before another's few. An entry may be repeated, stale or
 * lost without harm: the claim decides, and the sweep finds what is lost.
 *
 * Drivers: `redis/` (Streams) and `memory/` (standalone, simulation). One conformance suite runs over all.
 */
import type { Lane, MessageId } from '../domain/message.ts'

/** One delivery of an id to a consumer. `receipt` is the driver's handle for acknowledging it. */
export interface QueueEntry {
  readonly receipt: string
  readonly id: MessageId
  /** The share of the lane that it came from. */
  readonly share: number
}

export interface QueueDepth {
  /** Entries not yet acknowledged, read or unread. */
  readonly total: number
  /** Of those, delivered to a consumer and not yet acknowledged. */
  readonly pending: number
  /**
   * Since the oldest unacknowledged entry was appended, by the queue's own clock; null when there is none. Negative when that
   * clock was set back since, so that nobody can tell.
   */
  readonly oldestAgeMs: number | null
  /** The same of each share of the lane. */
  readonly shareAgesMs: readonly (number | null)[]
}

/** Reads one lane for one consumer. Owns what a blocking read needs; not for concurrent use. */
export interface QueueReader {
  /**
   * Up to `countMax` new entries, from all shares that have any in equal parts: what one does not use, others get. Waits for the first until `blockMs` is over or `signal` aborts, then answers `[]`.
   * An abort never loses entries: they are returned, or stay pending until reclaimed.
   * Entries that hold no valid id are set aside by the driver and counted by `onCorrupt`; they are not returned.
   * @throws when the queue cannot be reached
   */
  read(countMax: number, blockMs: number, signal: AbortSignal): Promise<QueueEntry[]>
  /** A read that waits answers `[]`; later ones throw. What was delivered stays pending. Safe to repeat. */
  close(): Promise<void>
}

export interface Queue {
  /**
   * Resolves once the ids are in the queue. A share is first in, first out.
   * @param shares the share of each id, below `shareCounts[lane]`; without them it is the first
   * @throws when the queue cannot be reached; some of the ids may be in it then, and appending again is safe
   */
  append(lane: Lane, ids: readonly MessageId[], shares?: readonly number[]): Promise<void>
  reader(lane: Lane, consumer: string): QueueReader
  /** Removes the entries for good. Safe to repeat. @throws when the queue cannot be reached */
  acknowledge(lane: Lane, receipts: readonly string[]): Promise<void>
  /**
   * Takes over up to `countMax` entries that any consumer has held unacknowledged for at least `idleMsMin`.
   * A process that is alive acknowledges within its claim's deadline, so such a consumer is dead.
   * A long list is gone through over several calls; an entry that was taken over is young again.
   * @throws when the queue cannot be reached
   */
  reclaim(lane: Lane, consumer: string, idleMsMin: number, countMax: number): Promise<QueueEntry[]>
  /** @throws when the queue cannot be reached */
  depth(lane: Lane): Promise<QueueDepth>
  /** Resolves when the queue answers. @throws when it does not */
  ping(): Promise<void>
  /** Closes the readers too. Resolves even when the queue cannot be reached. Safe to repeat; later calls throw. */
  close(): Promise<void>
}

/** Called for each entry that was set aside because it holds no valid id. */
export type CorruptEntryListener = (lane: Lane, receipt: string, reason: string) => void

/** The oldest of the shares; null when all are empty, and negative when nobody can tell. */
export function oldestOf(shareAgesMs: readonly (number | null)[]): number | null {
  const known = shareAgesMs.filter((ageMs) => ageMs !== null)
  if (known.length === 0) return null
  return known.some((ageMs) => ageMs < 0) ? Math.min(...known) : Math.max(...known)
}
