/**
 * Which slot a reference has. Message ids are UUIDs and are packed into an open-addressing table of numbers:
 * a growing Map of strings is walked by the garbage collector again and again and cost more than the rest
 * of a submit. References of other forms are rare and live in a Map.
 */
import { hashUuid, packUuid, unpackUuid } from './packed-uuid.ts'

export interface ReferenceIndex {
  /** -1 for none. */
  slotOf(reference: string): number
  /** Gives `slot` to a reference that has none; the slot must be free and below the capacity. */
  put(reference: string, slot: number): void
  /** Frees a slot that is in use. */
  remove(slot: number): void
  /** The reference of a slot in use. */
  referenceOf(slot: number): string
  /** Makes room for slots below `capacity`; never shrinks. */
  grow(capacity: number): void
}

export function createReferenceIndex(firstCapacity: number): ReferenceIndex {
  let words = new Uint32Array(firstCapacity * 4)
  let table = newTable(firstCapacity)
  const slotsOfOthers = new Map<string, number>()
  const others = new Map<number, string>()
  /** The words that are looked for. */
  const sought = new Uint32Array(4)

  const next = (place: number) => (place + 1) & (table.length - 1)
  const homeOf = (slot: number) => hashUuid(words, slot * 4) & (table.length - 1)

  function slotOf(reference: string): number {
    if (!packUuid(reference, sought, 0)) return slotsOfOthers.get(reference) ?? -1
    let place = hashUuid(sought, 0) & (table.length - 1)
    for (;;) {
      const slot = (table[place] ?? 0) - 1
      if (slot === -1 || isSought(slot)) return slot
      place = next(place)
    }
  }

  function isSought(slot: number): boolean {
    const at = slot * 4
    return (
      words[at + 3] === sought[3] &&
      words[at] === sought[0] &&
      words[at + 1] === sought[1] &&
      words[at + 2] === sought[2]
    )
  }

  function put(reference: string, slot: number) {
    if (packUuid(reference, words, slot * 4)) return insert(slot)
    slotsOfOthers.set(reference, slot)
    others.set(slot, reference)
  }

  function insert(slot: number) {
    let place = homeOf(slot)
    while (table[place] !== 0) place = next(place)
    table[place] = slot + 1
  }

  function remove(slot: number) {
    const other = others.get(slot)
    if (other !== undefined) {
      others.delete(slot)
      slotsOfOthers.delete(other)
      return
    }
    let place = homeOf(slot)
    while (table[place] !== slot + 1) place = next(place)
    closeGap(place)
  }

  /** Moves back what was pushed past the gap, so that no search ends at it too early (Knuth 6.4, R). */
  function closeGap(gap: number) {
    const mask = table.length - 1
    let hole = gap
    for (let place = next(gap); table[place] !== 0; place = next(place)) {
      const home = homeOf((table[place] ?? 0) - 1)
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place] ?? 0
      hole = place
    }
    table[hole] = 0
  }

  function grow(capacity: number) {
    const larger = new Uint32Array(capacity * 4)
    larger.set(words)
    words = larger
    const entries = table
    table = newTable(capacity)
    for (const entry of entries) {
      if (entry !== 0) insert(entry - 1)
    }
  }

  return {
    slotOf,
    put,
    remove,
    referenceOf: (slot) => others.get(slot) ?? unpackUuid(words, slot * 4),
    grow,
  }
}

/** A power of two, at most half full: entries are slots + 1, and 0 is empty. */
function newTable(capacity: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2))))
}
