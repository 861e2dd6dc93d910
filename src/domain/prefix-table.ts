/** What is said of telephone numbers by how they begin: of several beginnings that fit, the longest counts. */

export interface PrefixEntry<T> {
  /** In international form, with the plus sign. */
  readonly prefix: string
  readonly value: T
}

export interface PrefixTable<T> {
  /** Null when nothing is said of such a number. */
  find(number: string): PrefixEntry<T> | null
}

/** A plus sign and up to 15 digits, of which the first is no 0 (E.164). */
export const prefixPattern = /^\+[1-9]\d{0,14}$/

/** Of two entries with the same prefix the later one counts. */
export function createPrefixTable<T>(entries: readonly PrefixEntry<T>[]): PrefixTable<T> {
  const byPrefix = new Map(entries.map((entry) => [entry.prefix, entry]))
  const lengths = [...new Set(entries.map(({ prefix }) => prefix.length))].sort((a, b) => b - a)
  return {
    find(number) {
      for (const length of lengths) {
        if (length > number.length) continue
        const entry = byPrefix.get(number.slice(0, length))
        if (entry !== undefined) return entry
      }
      return null
    },
  }
}
