/** Counters in a real Redis: shared, exact, and insured while it is away. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Counters, Demand } from '../../../src/limits/counters.ts'
import { createInsuredCounters } from '../../../src/limits/insured-counters.ts'
import { createMemoryCounters, memoryCountersDefault } from '../../../src/limits/memory-counters.ts'
import { createRedisCounters } from '../../../src/limits/redis-counters.ts'
import { createRedisConnection } from '../../../src/queue/redis/connection.ts'
import { eventually } from '../../support/eventually.ts'
import { errorOf } from '../queue/redis-fixture.ts'
import { type RedisProcess, startRedisProcess } from '../queue/redis-process.ts'

let redis: RedisProcess
let opened: Counters[] = []
beforeAll(async () => {
  redis = await startRedisProcess()
})
afterAll(() => redis.stop())
beforeEach(() => redis.command('FLUSHALL'))
afterEach(async () => {
  redis.resume()
  await Promise.all(opened.map((counters) => counters.close()))
  opened = []
})

function open(keyPrefix = 'a:limits'): Counters {
  const { host, port } = redis
  const connection = createRedisConnection({
    endpoint: { host, port, commandTimeoutMs: 500 },
    name: 'limits',
    blockMsMax: 0,
    isPipelined: true,
  })
  const counters = createRedisCounters({ connection, keyPrefix })
  opened.push(counters)
  return counters
}

function demand(key: string, count: number, changes: Partial<Demand> = {}): Demand {
  return { key, count, limit: 300, windowS: 60, isOfDestination: false, ...changes }
}

async function granted(counters: Counters, ...demands: Demand[]): Promise<number[]> {
  const { grants } = await counters.take(demands)
  return grants.map((grant) => grant.granted)
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, next) => total + next, 0)

describe('shared counters', () => {
  test('grant exactly what there is, however many ask at once', async () => {
    const [one, two] = [open(), open()]
    const all = Array.from({ length: 1_000 }, (_, place) =>
      granted(place % 2 === 0 ? one : two, demand('day', 1)),
    )
    expect(sum((await Promise.all(all)).flat())).toBe(300)
    const [grant] = (await two.take([demand('day', 1)])).grants
    expect(grant).toMatchObject({ granted: 0, left: 0 })
    expect(grant?.endsInMs).toBeWithin(1, 60_001)
  })

  test('grant a part of what is wanted, in each window for itself', async () => {
    const counters = open()
    const wanted = [demand('a', 200), demand('b', 500), demand('c', 7, { limit: 5 })]
    const { grants } = await counters.take(wanted)
    expect(grants.map((grant) => [grant.granted, grant.left])).toEqual([
      [200, 100],
      [300, 0],
      [5, 0],
    ])
    expect(await granted(counters, demand('a', 200))).toEqual([100])
    await counters.take([demand('short', 300, { windowS: 1 })])
    await eventually(
      async () => sum(await granted(counters, demand('short', 1, { windowS: 1 }))) === 1,
      { what: 'the next window' },
    )
  })

  test('take thousands at once', async () => {
    const counters = open()
    const wanted = Array.from({ length: 3_000 }, (_, place) =>
      demand(`recipient:7:60:${place}`, 1, { limit: 1, isOfDestination: true }),
    )
    expect(sum(await granted(counters, ...wanted))).toBe(3_000)
    expect(sum(await granted(counters, ...wanted, demand('a', 5)))).toBe(5)
  })

  test('count nothing that was refused, so that a limit can be raised', async () => {
    const counters = open()
    await counters.take([demand('a', 10_000)])
    expect(await granted(counters, demand('a', 50, { limit: 320 }))).toEqual([20])
    expect(await granted(counters, demand('a', 50, { limit: 10 }))).toEqual([0])
  })

  test('take back what was not used, and never make less than nothing', async () => {
    const counters = open()
    const taken = await counters.take([demand('a', 300), demand('b', 1)])
    await taken.giveBack(new Map([['a', 100]]))
    expect(await granted(counters, demand('a', 200))).toEqual([100])
    await redis.command('FLUSHALL')
    await taken.giveBack(new Map([['a', 100]]))
    expect(await granted(counters, demand('a', 400))).toEqual([300])
  })

  test('of another installation are others', async () => {
    await open().take([demand('a', 300)])
    expect(await granted(open('b:limits'), demand('a', 300))).toEqual([300])
  })

  test('leave keys that end, and no number of a recipient', async () => {
    const key = 'recipient:7:60:491701234567'
    await open().take([demand('day', 1), demand(key, 1, { isOfDestination: true })])
    const keys = (await redis.command('KEYS', '*')) as string[]
    expect(keys).toHaveLength(2)
    expect(keys.join(' ')).not.toContain('4917')
    for (const name of keys) expect(await redis.command('TTL', name)).toBeGreaterThan(0)
  })

  test('forget nothing when the server forgets the script', async () => {
    const counters = open()
    await counters.take([demand('a', 100)])
    await redis.command('SCRIPT', 'FLUSH')
    expect(await granted(counters, demand('a', 300), demand('b', 1))).toEqual([200, 1])
  })
})

describe('without Redis', () => {
  test('shared counters fail, and give back nothing without a word', async () => {
    const counters = open()
    const taken = await counters.take([demand('a', 1)])
    redis.pause()
    expect(await errorOf(counters.take([demand('a', 1)]))).toBeInstanceOf(Error)
    await taken.giveBack(new Map([['a', 1]]))
  })

  test('what is insured is counted in the process until it is back', async () => {
    const changes: boolean[] = []
    let insured = 0
    const counters = createInsuredCounters({
      shared: open(),
      insurance: createMemoryCounters(memoryCountersDefault),
      onChange: (isShared) => changes.push(isShared),
      onInsured: (count) => {
        insured += count
      },
    })
    expect(await granted(counters, demand('a', 100))).toEqual([100])
    await redis.stop()
    expect(await granted(counters, demand('a', 200), demand('b', 1))).toEqual([200, 1])
    const taken = await counters.take([demand('a', 200)])
    expect(taken.grants[0]?.granted).toBe(100)
    await taken.giveBack(new Map([['a', 40]]))
    expect(await granted(counters, demand('a', 200))).toEqual([40])
    expect(insured).toBe(4)
    expect(changes).toEqual([false])

    await redis.start()
    await eventually(
      async () => {
        await counters.take([demand('c', 1)])
        return changes.length === 2
      },
      { what: 'Redis counts again' },
    )
    expect(changes).toEqual([false, true])
    expect(await granted(counters, demand('a', 300))).toEqual([300])
  })
})
