import { describe, expect, test } from 'bun:test'
import { rankByKey } from './rendezvous.ts'

const providers = [
  { name: 'a', weight: 100 },
  { name: 'b', weight: 80 },
  { name: 'c', weight: 60 },
  { name: 'none', weight: 0 },
]
/** As recipients are: they differ in their last digits. */
const keys = Array.from({ length: 20_000 }, (_, index) => `+4915100${100_000 + index}`)
const first = (key: string, among = providers) => rankByKey(key, among)[0]?.name ?? null

function shares(among: typeof providers): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) {
    const name = first(key, among) ?? ''
    counts[name] = (counts[name] ?? 0) + 1 / keys.length
  }
  return counts
}

describe('a rank by key', () => {
  test('is the same in whatever order the candidates are given, and has none without a weight', () => {
    for (const key of keys.slice(0, 100)) {
      const names = rankByKey(key, providers).map(({ name }) => name)
      expect(rankByKey(key, providers.toReversed()).map(({ name }) => name)).toEqual(names)
      expect(names.toSorted()).toEqual(['a', 'b', 'c'])
    }
    expect(rankByKey('x', [])).toEqual([])
  })

  test('gives each its share of the keys, to within a percent of all', () => {
    const { a = 0, b = 0, c = 0, ...others } = shares(providers)
    expect(Math.abs(a - 100 / 240)).toBeLessThan(0.01)
    expect(Math.abs(b - 80 / 240)).toBeLessThan(0.01)
    expect(Math.abs(c - 60 / 240)).toBeLessThan(0.01)
    expect(others).toEqual({})
  })

  test('moves the keys of the one that leaves, each to the next in its order, and no others', () => {
    const left = providers.filter(({ name }) => name !== 'a')
    for (const key of keys.slice(0, 2_000)) {
      const [before, next] = rankByKey(key, providers).map(({ name }) => name)
      expect(first(key, left)).toBe((before === 'a' ? next : before) ?? null)
    }
  })

  test('spreads the keys of the one that leaves by the weights of those that stay', () => {
    const { b = 0, c = 0 } = shares(providers.filter(({ name }) => name !== 'a'))
    expect(Math.abs(b - 80 / 140)).toBeLessThan(0.015)
    expect(Math.abs(c - 60 / 140)).toBeLessThan(0.015)
  })
})
