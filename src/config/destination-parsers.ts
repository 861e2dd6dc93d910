/** Kinds of settings about destinations: beginnings of numbers, networks, and what they cost. A variable writes lists with commas. */
import { costAllowed, parseCost } from '../domain/cost.ts'
import { type PrefixEntry, prefixPattern } from '../domain/prefix-table.ts'
import { type Parser, parser } from './parsers.ts'

/** More of them for one provider are a mistake. */
export const prefixesMax = 2_000

/** Mobile country code and network code (ITU-T E.212). */
const networkPattern = /^\d{5,6}$/

export const prefixList = list(
  `1 to ${prefixesMax} beginnings of E.164 numbers, each once, such as +49`,
  (item) => (prefixPattern.test(item) ? item : undefined),
  (prefix) => prefix,
)

export const networkCode: Parser<string> = parser(
  'an MCC-MNC of 5 or 6 digits, such as 26201',
  (text) => (networkPattern.test(text) ? text : undefined),
)

export const networkList = list(
  `1 to ${prefixesMax} MCC-MNCs of 5 or 6 digits, each once, such as 26201`,
  (item) => (networkPattern.test(item) ? item : undefined),
  (network) => network,
)

export const cost: Parser<number> = parser(costAllowed, parseCost, 'cost')

export const costTable: Parser<readonly PrefixEntry<number>[]> = list(
  `1 to ${prefixesMax} beginnings of E.164 numbers, each once, with their costs, such as +49=0.05`,
  (item) => {
    const [prefix = '', text = '', ...rest] = item.split('=')
    const value = parseCost(text)
    const isWhole = rest.length === 0 && prefixPattern.test(prefix)
    return isWhole && value !== undefined ? { prefix, value } : undefined
  },
  ({ prefix }) => prefix,
  'costs',
)

/** @param keyOf what no two items may have in common */
function list<T>(
  allowed: string,
  parseItem: (text: string) => T | undefined,
  keyOf: (item: T) => string,
  kind: 'list' | 'costs' = 'list',
): Parser<readonly T[]> {
  const itemsOf = (text: string): string[] => text.split(',').map((item) => item.trim())
  const parse = (text: string): readonly T[] | undefined => {
    const items = itemsOf(text).map(parseItem)
    if (items.length > prefixesMax || items.includes(undefined)) return undefined
    const parsed = items as T[]
    return new Set(parsed.map(keyOf)).size === parsed.length ? parsed : undefined
  }
  const faulty = (text: string): string | undefined => {
    const seen = new Set<string>()
    const wrong = itemsOf(text).filter((item) => {
      const parsed = parseItem(item)
      if (parsed === undefined || seen.has(keyOf(parsed))) return true
      seen.add(keyOf(parsed))
      return false
    })
    return wrong.length === 0 ? undefined : wrong.join(', ')
  }
  return { ...parser(allowed, parse, kind), faulty }
}
