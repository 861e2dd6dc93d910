/** What a segment costs, by the beginning of its recipient. */
import { type Amount, amountMax } from './money.ts'

/** By prefix: a plus sign and up to 15 digits. The plus sign alone is everywhere else. */
export type PriceList = ReadonlyMap<string, Amount>

/** Stands for the customer in the list for those whose own says nothing. */
export const commonList = 0

/** Prices in one list. */
export const pricesMax = 20_000
export const prefixPattern = /^\+\d{0,15}$/

const longestPrefix = 16

/** The one of the longest prefix; null where the list says nothing. @param recipient E.164, with the plus sign */
export function priceOf(list: PriceList, recipient: string): Amount | null {
  for (let length = Math.min(recipient.length, longestPrefix); length > 0; length--) {
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
