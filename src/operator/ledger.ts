/**
 * What one identity remembers of every reference that was submitted to it, so that a test can prove
 * "none lost, n duplicates". Columns of numbers, one slot a reference: about 60 bytes each.
 */
import { firstCapacity, grown, increment, newColumns } from './ledger-columns.ts'
import { createReferenceIndex } from './reference-index.ts'

/** References one identity remembers; past it the oldest are forgotten, and that is counted. */
export const referencesMaxDefault = 5_000_000
/** Idempotency keys remembered of one reference, besides the reference itself. */
export const otherKeysMax = 16

export interface ReferenceRecord {
  readonly reference: string
  /** Submits that named it, whatever became of them. */
  readonly submits: number
  /** Distinct message ids handed out for it. */
  readonly taken: number
  /** Submits that came after it had been taken. */
  readonly duplicates: number
  /** Distinct Idempotency-Key values seen with it. */
  readonly idempotencyKeys: readonly string[]
  /** Milliseconds since the Unix epoch, with a fraction, of its first submit. */
  readonly arrivedMs: number
}

export interface Ledger {
  /** References remembered now. */
  readonly size: number
  /** References forgotten because there were too many. */
  readonly forgotten: number
  /** Counts a submit and answers the reference's slot, good until the next call of `record`. */
  record(reference: string, key: string | null, arrivedMs: number): number
  /** Whether the slot's reference had been taken before its latest submit. */
  wasTaken(slot: number): boolean
  /** The number this key was taken under; 0 for a key never taken, and always for no key. */
  numberOf(slot: number, reference: string, key: string | null): number
  /** Takes the message: a new number, from 1, never given twice, not even after `clear`. */
  take(slot: number, reference: string, key: string | null): number
  find(reference: string): ReferenceRecord | null
  /** First arrival of a reference; null for one that never came. */
  arrivedMs(reference: string): number | null
  /** Every reference remembered, oldest first; may be walked while submits come in. */
  references(): Generator<string>
  clear(): void
}

export function createLedger(referencesMax = referencesMaxDefault): Ledger {
  const capacity = Math.min(firstCapacity, referencesMax)
  let columns = newColumns(capacity)
  let index = createReferenceIndex(capacity)
  /** Slots below it are in use. */
  let used = 0
  /** Keys that differ from their reference are rare: they live beside the columns. */
  const otherKeys = new Map<string, Map<string, number>>()
  let nextSlot = 0
  let lastNumber = 0
  let forgotten = 0

  function openSlot(reference: string, arrivedMs: number): number {
    if (nextSlot === referencesMax) nextSlot = 0
    const slot = nextSlot++
    if (slot < used) forget(slot)
    else used++
    if (used > columns.arrivedMs.length) grow()
    index.put(reference, slot)
    columns.arrivedMs[slot] = arrivedMs
    columns.submits[slot] = 0
    columns.taken[slot] = 0
    columns.duplicates[slot] = 0
    columns.ownKeySeen[slot] = 0
    columns.ownKeyNumber[slot] = 0
    return slot
  }

  function grow() {
    columns = grown(columns, referencesMax)
    index.grow(columns.arrivedMs.length)
  }

  function forget(slot: number) {
    if (otherKeys.size > 0) otherKeys.delete(index.referenceOf(slot))
    index.remove(slot)
    forgotten++
  }

  function record(reference: string, key: string | null, arrivedMs: number): number {
    const known = index.slotOf(reference)
    const slot = known === -1 ? openSlot(reference, arrivedMs) : known
    increment(columns.submits, slot)
    if (wasTaken(slot)) increment(columns.duplicates, slot)
    if (key === reference) columns.ownKeySeen[slot] = 1
    else if (key !== null) noteKey(reference, key)
    return slot
  }

  function noteKey(reference: string, key: string) {
    const keys = otherKeys.get(reference)
    if (keys === undefined) otherKeys.set(reference, new Map([[key, 0]]))
    else if (!keys.has(key) && keys.size < otherKeysMax) keys.set(key, 0)
  }

  const wasTaken = (slot: number) => (columns.taken[slot] ?? 0) > 0

  function numberOf(slot: number, reference: string, key: string | null): number {
    if (key === null) return 0
    if (key === reference) return columns.ownKeyNumber[slot] ?? 0
    return otherKeys.get(reference)?.get(key) ?? 0
  }

  function take(slot: number, reference: string, key: string | null): number {
    const number = ++lastNumber
    increment(columns.taken, slot)
    // The first number stays the key's: a provider that honours keys answers with it for ever.
    if (key === null || numberOf(slot, reference, key) > 0) return number
    if (key === reference) columns.ownKeyNumber[slot] = number
    else if (otherKeys.get(reference)?.has(key)) otherKeys.get(reference)?.set(key, number)
    return number
  }

  function recordOf(reference: string, slot: number): ReferenceRecord {
    const keys = [...(otherKeys.get(reference)?.keys() ?? [])]
    return {
      reference,
      submits: columns.submits[slot] ?? 0,
      taken: columns.taken[slot] ?? 0,
      duplicates: columns.duplicates[slot] ?? 0,
      idempotencyKeys: columns.ownKeySeen[slot] === 1 ? [reference, ...keys] : keys,
      arrivedMs: columns.arrivedMs[slot] ?? 0,
    }
  }

  function find(reference: string): ReferenceRecord | null {
    const slot = index.slotOf(reference)
    return slot === -1 ? null : recordOf(reference, slot)
  }

  function arrivedMsOf(reference: string): number | null {
    const slot = index.slotOf(reference)
    return slot === -1 ? null : (columns.arrivedMs[slot] ?? null)
  }

  function* references() {
    const oldest = used === referencesMax ? nextSlot : 0
    for (let slot = oldest; slot < used; slot++) yield index.referenceOf(slot)
    for (let slot = 0; slot < oldest; slot++) yield index.referenceOf(slot)
  }

  function clear() {
    columns = newColumns(capacity)
    index = createReferenceIndex(capacity)
    otherKeys.clear()
    used = 0
    nextSlot = 0
    forgotten = 0
  }

  return {
    get size() {
      return used
    },
    get forgotten() {
      return forgotten
    },
    record,
    wasTaken,
    numberOf,
    take,
    find,
    arrivedMs: arrivedMsOf,
    references,
    clear,
  }
}
