/** From the replies of XREADGROUP and XAUTOCLAIM to queue entries. */
import { isMessageId } from '../../domain/message-id.ts'
import type { QueueEntry } from '../queue.ts'

/** An entry that holds no message id. */
export interface CorruptEntry {
  readonly receipt: string
  readonly reason: string
  /** What it holds instead, names and values in turn, cut to `corruptValueLengthMax`. */
  readonly value: string
}

export interface ParsedEntries {
  readonly entries: QueueEntry[]
  readonly corrupt: CorruptEntry[]
}

/** The one field of an entry. */
export const idField = 'id'

/** What is kept of a corrupt entry, in characters. */
export const corruptValueLengthMax = 1_024

/**
 * Reads `[[receipt, [field, value, …]], …]`. Entries that were deleted while pending come as nulls (Redis 6.2) and
 * are left out.
 */
export function parseEntries(items: unknown): ParsedEntries {
  const entries: QueueEntry[] = []
  const corrupt: CorruptEntry[] = []
  if (!Array.isArray(items)) return { entries, corrupt }
  for (const item of items) {
    if (!Array.isArray(item) || !Array.isArray(item[1])) continue
    const receipt = String(item[0])
    const fields: unknown[] = item[1]
    const id = findId(fields)
    if (id !== undefined && isMessageId(id)) entries.push({ receipt, id })
    else corrupt.push({ receipt, reason: corruptReason(id), value: describe(fields) })
  }
  return { entries, corrupt }
}

/** The items of the only stream in a reply of XREADGROUP; null when it waited in vain. */
export function itemsOfRead(reply: unknown): unknown {
  if (!Array.isArray(reply)) return null
  const stream: unknown = reply[0]
  return Array.isArray(stream) ? stream[1] : null
}

/** The receipt of the last of the items, which come in the order they were appended. */
export function newestOf(items: unknown): string | undefined {
  const last: unknown = Array.isArray(items) ? items.at(-1) : undefined
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
