import { describe, expect, test } from 'bun:test'
import type { Demand } from '../limits/counters.ts'
import { createStock } from './limit-stock.ts'

const demand: Demand = {
  key: 'rate:1',
  count: 1,
  limit: 100_000,
  windowS: 1,
  isOfDestination: false,
}
const grant = { granted: 9, left: 90_000, endsInMs: 1_000 }

function setup() {
  let nowMs = 0
  const back: [string, number][] = []
  const counters = {
    async giveBack(unused: readonly (readonly [Demand, number])[]) {
      back.push(...unused.map(([{ key }, count]) => [key, count] as [string, number]))
    },
  }
  const stock = createStock({ counters, clock: { monotonicMs: () => nowMs } })
  const keep = (
    unused: number,
    changes: Partial<Demand> = {},
    isShared = true,
    askedAtMs = nowMs,
  ) => stock.keep({ ...demand, ...changes }, grant, unused, { askedAtMs, isShared })
  const taken = (...quotas: Partial<Demand>[]) =>
    stock.takeOne((quotas.length === 0 ? [{}] : quotas).map((quota) => ({ ...demand, ...quota })))
  const take = (...quotas: Partial<Demand>[]) => taken(...quotas)?.levels ?? null
  return {
    stock,
    back,
    keep,
    take,
    taken,
    at: (ms: number) => {
      nowMs = ms
    },
  }
}

describe('a stock', () => {
  test('gives what it kept, and no more', () => {
    const { keep, take, at } = setup()
    expect(take()).toBeNull()
    expect(keep(2)).toBe(2)
    at(400)
    expect(take()).toEqual([{ left: 90_001, endsInMs: 600 }])
    expect(take()).toEqual([{ left: 90_000, endsInMs: 600 }])
    expect(take()).toBeNull()
  })

  test('takes from all counters of a message or from none', () => {
    const { keep, take } = setup()
    keep(1)
    keep(2, { key: 'day:1' })
    expect(take({}, { key: 'day:1' })).toHaveLength(2)
    expect(take({}, { key: 'day:1' })).toBeNull()
    expect(take({ key: 'day:1' })).toHaveLength(1)
  })

  test('ends with its window, counted from when it was asked for', () => {
    const { keep, take, taken, at, back } = setup()
    at(200)
    keep(5, {}, true, 100)
    at(1_099)
    const last = taken()
    expect(last?.levels).toHaveLength(1)
    at(1_100)
    expect(take()).toBeNull()
    last?.putBack()
    expect(take()).toBeNull()
    // An answer that was under way for longer than the window.
    expect(keep(5, {}, true, 0)).toBe(0)
    expect(back).toEqual([])
  })

  test('of the next window is no more by what is put back late', () => {
    const { keep, take, taken, at } = setup()
    keep(1)
    const last = taken()
    at(1_000)
    keep(1)
    last?.putBack()
    expect(take()).toHaveLength(1)
    expect(take()).toBeNull()
  })

  test('of another limit is none', () => {
    const { keep, take } = setup()
    keep(5)
    expect(take({ limit: 50_000 })).toBeNull()
    expect(take()).toBeNull()
  })

  test('is a small part of a limit, and nothing of a small one', () => {
    const { stock, keep } = setup()
    const extra = (changes: Partial<Demand>) => stock.extraOf({ ...demand, ...changes })
    expect(extra({ count: 1 })).toBe(8)
    expect(extra({ count: 1_000 })).toBe(200)
    expect(extra({ count: 1_000, limit: 1_000_000_000 })).toBe(1_000)
    expect(extra({ count: 1_000, limit: 4_999 })).toBe(0)
    expect(extra({ count: 0, limit: 0 })).toBe(0)
    expect(keep(500)).toBe(200)
    expect(keep(500)).toBe(0)
    expect(extra({ count: 1_000 })).toBe(0)
  })

  test('has back what was not used', () => {
    const { keep, take, taken } = setup()
    keep(1)
    taken()?.putBack()
    expect(take()).toHaveLength(1)
    expect(take()).toBeNull()
  })

  test('goes back where it is from: to what is shared, or nowhere', async () => {
    const { stock, keep, back, take } = setup()
    keep(5)
    keep(3, { key: 'day:1' }, false)
    // Another origin does not mix.
    expect(keep(5, {}, false)).toBe(0)
    take()
    await stock.close()
    expect(back).toEqual([['rate:1', 4]])
    expect(take()).toBeNull()
  })
})
