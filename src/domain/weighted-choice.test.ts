import { describe, expect, test } from 'bun:test'
import { pickWeighted } from './weighted-choice.ts'

const candidate = (name: string, weight: number) => ({ name, weight, credit: 0 })

describe('weighted choice', () => {
  test('100, 80 and 60 are that split, to the message', () => {
    const candidates = [candidate('a', 100), candidate('b', 80), candidate('c', 60)]
    const picks: Record<string, number> = {}
    for (let pick = 0; pick < 12_000; pick++) {
      const name = pickWeighted(candidates)?.name ?? 'none'
      picks[name] = (picks[name] ?? 0) + 1
    }
    expect(picks).toEqual({ a: 5_000, b: 4_000, c: 3_000 })
  })

  test('a heavy candidate is not picked in long rows', () => {
    const candidates = [candidate('a', 5), candidate('b', 1), candidate('c', 1)]
    const order = Array.from({ length: 7 }, () => pickWeighted(candidates)?.name).join('')
    expect(order).toBe('aabacaa')
  })

  test('a weight of zero takes nothing, and nobody is nobody', () => {
    expect(pickWeighted([candidate('a', 0)])).toBeNull()
    expect(pickWeighted([])).toBeNull()
    const candidates = [candidate('a', 0), candidate('b', 1)]
    expect(pickWeighted(candidates)?.name).toBe('b')
  })

  test('one that was left out for long does not come back with a burst', () => {
    const [a, b] = [candidate('a', 1), candidate('b', 1)]
    for (let pick = 0; pick < 1_000; pick++) pickWeighted([b])
    const order = Array.from({ length: 4 }, () => pickWeighted([a, b])?.name).join('')
    expect(order).toBe('abab')
  })
})
