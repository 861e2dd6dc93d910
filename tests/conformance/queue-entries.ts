/** Short names for what every test of a queue does with ids and entries. */
import type { QueueEntry } from '../../src/queue/queue.ts'

/** A signal that does not abort. */
export const never = new AbortController().signal
/** A wait that only an append or an abort can end within a test. */
export const endlessMs = 3_600_000

export function newIds(count: number): string[] {
  return Array.from({ length: count }, () => Bun.randomUUIDv7())
}

export function idsOf(entries: readonly QueueEntry[]): string[] {
  return entries.map((entry) => entry.id)
}

export function receiptsOf(entries: readonly QueueEntry[]): string[] {
  return entries.map((entry) => entry.receipt)
}
