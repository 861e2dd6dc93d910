/** What a segment costs, by the beginning of its recipient. */
import { type Amount, amountMax } from './money.ts'

/** By prefix: a plus sign and up to 15 digits. The plus sign alone is everywhere else. */
export type PriceList = ReadonlyMap<string, Amount>

/** Stands for the customer in the list for those whose own says nothing. */
export const commonList = 0

/** Prices in one list. */
export const pricesMax = 20_000
export const prefixPattern = /^\+\d{0,15}$/

/** The lengths of the prefixes in a list, the longest first: there are few, and each is a place to look. */
const lengthsKnown = new WeakMap<PriceList, readonly number[]>()

function lengthsOf(list: PriceList): readonly number[] {
  const known = lengthsKnown.get(list)
  if (known !== undefined) return known
  const lengths = [...new Set([...list.keys()].map((prefix) => prefix.length))]
  lengths.sort((a, b) => b - a)
  lengthsKnown.set(list, lengths)
  return lengths
}

/** The one of the longest prefix; null where the list, which does not change, says nothing. @param recipient E.164, with the plus sign */
export function priceOf(list: PriceList, recipient: string): Amount | null {
  for (const length of lengthsOf(list)) {
    const price = list.get(recipient.slice(0, length))
    if (price !== undefined) return price
  }
  return null
}

/** A customer's own list goes before the common one, also where that has a longer prefix. */
export function priceIn(lists: readonly PriceList[], recipient: string): Amount | null {
  for (const list of lists) {
    const price = priceOf(list, recipient)
    if (price !== null) return price
  }
  return null
}

/** What one message may cost: all of its segments. */
export function messagePrice(perSegment: Amount, segments: number): Amount {
  return Math.min(perSegment * segments, amountMax)
}
