/**
 * Message ids are UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds first, so key order is time order.
 */
import type { MessageId } from './message.ts'

const messageIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export const messageIdMin: MessageId = '00000000-0000-0000-0000-000000000000'
export const messageIdMax: MessageId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * Between the making of an id and the start of its INSERT. The sweep may have passed the id of a row that is inserted later,
 * so such a row gets a due time at once.
 */
export const insertDelayMsMax = 2_000

/** The clock that makes ids may be this much ahead of PostgreSQL's; the sweep would come to a row of a later time too late. */
export const clockAheadMsMax = 2_000

/** Whether `value` is a message id as we write them: UUIDv7 in lower case. */
export function isMessageId(value: string): value is MessageId {
  return value.length === 36 && messageIdPattern.test(value)
}

/** When the id was made, in milliseconds since the Unix epoch. */
export function messageIdTimeMs(id: MessageId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The smallest id of a moment: every id made at or after it is not smaller. */
export function messageIdFloor(timeMs: number): MessageId {
  const hex = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/** The smallest and the largest of `ids`, for bounds that let PostgreSQL skip partitions. */
export function messageIdRange(ids: readonly MessageId[]): { min: MessageId; max: MessageId } {
  let min = ids[0] ?? messageIdMin
  let max = min
  for (const id of ids) {
    if (id < min) min = id
    if (id > max) max = id
  }
  return { min, max }
}
