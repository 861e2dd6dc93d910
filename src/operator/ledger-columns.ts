/** The ledger's numbers as columns by slot: no object per reference. */

/** Slots to begin with; untouched memory costs nothing. */
export const firstCapacity = 65_536

export interface LedgerColumns {
  readonly arrivedMs: Float64Array
  readonly submits: Uint32Array
  readonly taken: Uint32Array
  readonly duplicates: Uint32Array
  /** The number taken under the key that equals the reference; 0 is none. */
  readonly ownKeyNumber: Uint32Array
  readonly ownKeySeen: Uint8Array
}

/** Columns of zeros. */
export function newColumns(capacity: number): LedgerColumns {
  return {
    arrivedMs: new Float64Array(capacity),
    submits: new Uint32Array(capacity),
    taken: new Uint32Array(capacity),
    duplicates: new Uint32Array(capacity),
    ownKeyNumber: new Uint32Array(capacity),
    ownKeySeen: new Uint8Array(capacity),
  }
}

/** The same content with twice the room, `slotsMax` at most. */
export function grown(columns: LedgerColumns, slotsMax: number): LedgerColumns {
  const larger = newColumns(Math.min(columns.arrivedMs.length * 2, slotsMax))
  larger.arrivedMs.set(columns.arrivedMs)
  larger.submits.set(columns.submits)
  larger.taken.set(columns.taken)
  larger.duplicates.set(columns.duplicates)
  larger.ownKeyNumber.set(columns.ownKeyNumber)
  larger.ownKeySeen.set(columns.ownKeySeen)
  return larger
}

export function increment(column: Uint32Array, slot: number) {
  column[slot] = (column[slot] ?? 0) + 1
}
