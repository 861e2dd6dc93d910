/** From the replies of XREADGROUP and XAUTOCLAIM to queue entries. */
import { isMessageId } from '../../domain/message-id.ts'
import type { QueueEntry } from '../queue.ts'
import { receiptOf } from './share-streams.ts'

/** An entry that holds no message id. */
export interface CorruptEntry {
  /** In its stream. */
  readonly entryId: string
  readonly reason: string
  /** What it holds instead, names and values in turn, cut to `corruptValueLengthMax`. */
  readonly value: string
}

export interface ParsedEntries {
  readonly entries: QueueEntry[]
  readonly corrupt: CorruptEntry[]
}

/** What was delivered of one share. */
export interface ShareItems {
  readonly share: number
  readonly items: readonly unknown[]
}

/** The one field of an entry. */
export const idField = 'id'

/** What is kept of a corrupt entry, in characters. */
export const corruptValueLengthMax = 1_024

/**
 * Reads `[[entry id, [field, value, …]], …]`. Entries that were deleted while pending come as nulls (Redis 6.2) and
 * are left out.
 */
export function parseEntries(items: unknown, share = 0): ParsedEntries {
  const entries: QueueEntry[] = []
  const corrupt: CorruptEntry[] = []
  if (!Array.isArray(items)) return { entries, corrupt }
  for (const item of items) {
    if (!Array.isArray(item) || !Array.isArray(item[1])) continue
    const entryId = String(item[0])
    const fields: unknown[] = item[1]
    const id = findId(fields)
    if (id !== undefined && isMessageId(id)) {
      entries.push({ receipt: receiptOf(share, entryId), id, share })
    } else corrupt.push({ entryId, reason: corruptReason(id), value: describe(fields) })
  }
  return { entries, corrupt }
}

/** The items of each stream in a reply of XREADGROUP; none when it waited in vain. */
export function itemsByStream(reply: unknown): [stream: string, items: unknown[]][] {
  if (!Array.isArray(reply)) return []
  return reply.flatMap((part: unknown) =>
    Array.isArray(part) && Array.isArray(part[1]) ? [[String(part[0]), part[1]]] : [],
  )
}

/** The entry id of the last of the items, which come in the order they were appended. */
export function newestOf(items: readonly unknown[]): string | undefined {
  const last = items.at(-1)
  return Array.isArray(last) ? String(last[0]) : undefined
}

function findId(fields: readonly unknown[]): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === idField) return String(fields[i + 1])
  }
  return undefined
}

function corruptReason(id: string | undefined): string {
  return id === undefined ? `no field "${idField}"` : 'not a message id'
}

function describe(fields: readonly unknown[]): string {
  let text = ''
  for (const field of fields) {
    if (text.length >= corruptValueLengthMax) break
    if (text !== '') text += ' '
    text += String(field).slice(0, corruptValueLengthMax)
  }
  return text.slice(0, corruptValueLengthMax)
}
