import { describe, expect, test } from 'bun:test'
import type { Demand } from './counters.ts'
import { createMemoryCounters } from './memory-counters.ts'

const sizes = { countersMax: 4, destinationsMax: 2 }

function demand(key: string, count: number, changes: Partial<Demand> = {}): Demand {
  return { key, count, limit: 10, windowS: 60, isOfDestination: false, ...changes }
}

async function grantsOf(counters: ReturnType<typeof createMemoryCounters>, ...wanted: Demand[]) {
  const { grants } = await counters.take(wanted)
  return grants.map(({ granted, left }) => [granted, left])
}

describe('counters in memory', () => {
  test('grant what is left', async () => {
    const counters = createMemoryCounters(sizes)
    expect(await grantsOf(counters, demand('a', 4), demand('b', 10))).toEqual([
      [4, 6],
      [10, 0],
    ])
    expect(await grantsOf(counters, demand('a', 7), demand('b', 1))).toEqual([
      [6, 0],
      [0, 0],
    ])
    const { grants } = await counters.take([demand('a', 1)])
    expect(grants[0]?.endsInMs).toBeWithin(1, 60_001)
  })

  test('count nothing that was refused, so that a limit can be raised', async () => {
    const counters = createMemoryCounters(sizes)
    await counters.take([demand('a', 1_000)])
    expect(await grantsOf(counters, demand('a', 10, { limit: 15 }))).toEqual([[5, 0]])
    expect(await grantsOf(counters, demand('a', 1, { limit: 3 }))).toEqual([[0, 0]])
  })

  test('take back what was not used, and no more', async () => {
    const counters = createMemoryCounters(sizes)
    const taken = await counters.take([demand('a', 8), demand('b', 1)])
    await taken.giveBack(new Map([['a', 3]]))
    expect(await grantsOf(counters, demand('a', 5))).toEqual([[5, 0]])
    await taken.giveBack(new Map([['a', 1_000]]))
    expect(await grantsOf(counters, demand('a', 11))).toEqual([[10, 0]])
  })

  test('are no more than may be: destinations push out destinations', async () => {
    const counters = createMemoryCounters(sizes)
    await counters.take([demand('day', 10)])
    const ofDestination = { isOfDestination: true }
    for (let place = 0; place < 10; place++) {
      await counters.take([demand(`number ${place}`, 10, ofDestination)])
    }
    expect(await grantsOf(counters, demand('day', 1))).toEqual([[0, 0]])
    expect(await grantsOf(counters, demand('number 9', 1, ofDestination))).toEqual([[0, 0]])
    expect(await grantsOf(counters, demand('number 0', 1, ofDestination))).toEqual([[1, 9]])
  })
})
