import { describe, expect, test } from 'bun:test'
import { createFreshLookup } from './fresh-lookup.ts'

function createLookup(changes: { missesToo?: boolean; keysMax?: number } = {}) {
  const stored = new Map<string, number>([['a', 1]])
  const reads: string[][] = []
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs }
  const lookup = createFreshLookup<string, number>({
    name: 'numbers',
    async read(keys) {
      reads.push([...keys].toSorted())
      return new Map(stored)
    },
    missesToo: false,
    keysMax: 10,
    refreshMs: 1_000,
    ageMsMax: 4_000,
    clock,
    ...changes,
  })
  return { lookup, stored, reads, clock }
}

describe('a fresh lookup', () => {
  test('reads what is asked for at once in one go, and answers from memory afterwards', async () => {
    const { lookup, reads } = createLookup()
    expect(await Promise.all([lookup.find('a'), lookup.find('b'), lookup.find('a')])).toEqual([
      1,
      null,
      1,
    ])
    expect(reads.flat().filter((key) => key === 'a').length).toBeLessThanOrEqual(2)
    const count = reads.length
    expect(lookup.find('a')).toBe(1)
    expect(reads.length).toBe(count)
  })

  test('what is too old is read before it is used', async () => {
    const { lookup, stored, clock } = createLookup()
    await lookup.find('a')
    stored.set('a', 2)
    clock.nowMs += 4_001
    expect(await lookup.find('a')).toBe(2)
  })

  test.each([true, false])('remembers that there is nothing: %p', async (missesToo) => {
    const { lookup } = createLookup({ missesToo })
    await lookup.find('b')
    expect(lookup.find('b') === null).toBe(missesToo)
  })

  test('forgets the one that was not used for longest', async () => {
    const { lookup, stored } = createLookup({ keysMax: 2 })
    stored.set('b', 2).set('c', 3)
    for (const key of ['a', 'b']) await lookup.find(key)
    lookup.find('a')
    await lookup.find('c')
    expect(lookup.find('a')).toBe(1)
    expect(lookup.find('b')).toBeInstanceOf(Promise)
  })
})
