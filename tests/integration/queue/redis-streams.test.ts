import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test'
import { createRedisConnection } from '../../../src/queue/redis/connection.ts'
import { corruptKeptMax } from '../../../src/queue/redis/corrupt-entries.ts'
import { corruptValueLengthMax } from '../../../src/queue/redis/entries.ts'
import { forgetIdleConsumers } from '../../../src/queue/redis/idle-consumers.ts'
import { endlessMs, idsOf, never, newIds, receiptsOf } from '../../conformance/queue-entries.ts'
import { eventually } from '../../support/eventually.ts'
import { errorOf, observeQueue, streams } from './redis-fixture.ts'
import { type RedisProcess, startRedisProcess } from './redis-process.ts'

let redis: RedisProcess
let observed: ReturnType<typeof observeQueue>

beforeAll(async () => {
  redis = await startRedisProcess()
})
beforeEach(async () => {
  await redis.command('FLUSHALL')
  observed = observeQueue(redis)
})
afterEach(() => observed.queue.close())
afterAll(() => redis.stop())

test('the age of the oldest entry is negative when the clock of Redis was set back since', async () => {
  const { queue } = observed
  const hourMs = 3_600_000
  await redis.command('XADD', streams.normal, `${Date.now() + hourMs}-0`, 'id', newIds(1)[0] ?? '')
  expect((await queue.depth('normal')).oldestAgeMs).toBeWithin(-hourMs, -hourMs / 2)
})

test('consumers that are gone are forgotten, but not while entries are pending with them', async () => {
  const { queue } = observed
  await queue.append('normal', newIds(2))
  await queue.reader('normal', 'holding').read(1, 0, never)
  const done = await queue.reader('normal', 'idle').read(1, 0, never)
  await queue.acknowledge('normal', receiptsOf(done))
  const connection = createRedisConnection({
    endpoint: { ...redis, commandTimeoutMs: 1_000 },
    name: 'idle-consumers-test',
    blockMsMax: 0,
    onChange: () => undefined,
  })
  await forgetIdleConsumers(connection, streams.normal, 'processors')
  expect(await consumers()).toEqual(['holding', 'idle'])
  await forgetIdleConsumers(connection, streams.normal, 'processors', 0)
  expect(await consumers()).toEqual(['holding'])
  await forgetIdleConsumers(connection, streams.express, 'processors', 0)
  await connection.close()
})

test('after a flush every operation goes on, whichever comes first', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  await queue.append('normal', newIds(5))
  const held = await reader.read(3, 0, never)

  await redis.command('FLUSHALL')
  expect(await queue.reclaim('normal', 'b', 0, 10)).toEqual([])
  await redis.command('FLUSHALL')
  await queue.acknowledge('normal', receiptsOf(held))
  await redis.command('FLUSHALL')
  expect(await queue.depth('normal')).toMatchObject({ total: 0, pending: 0, oldestAgeMs: null })
  await redis.command('FLUSHALL')
  // An emptied stream begins anew: within the same millisecond its entries would have the receipts of those that are held.
  const [newest = ''] = receiptsOf(held).slice(-1)
  await eventually(() => Date.now() > Number.parseInt(newest, 10), {
    what: 'the next millisecond',
    intervalMs: 1,
  })
  const ids = newIds(2)
  await queue.append('normal', ids)
  expect(idsOf(await reader.read(10, 0, never))).toEqual(ids)
  await queue.acknowledge('normal', receiptsOf(held))
  expect(await queue.depth('normal')).toMatchObject({ total: 2, pending: 2 })
})

test('a flush during a wait: the reader gets what is appended afterwards', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  for (let round = 0; round < 5; round++) {
    const reading = reader.read(10, endlessMs, never)
    await untilBlocked()
    await redis.command('FLUSHALL')
    const ids = newIds(2)
    await queue.append('normal', ids)
    const first = idsOf(await reading)
    // It may have been woken by the first id alone.
    expect([...first, ...idsOf(await reader.read(10, 0, never))]).toEqual(ids)
  }
})

test('readers that find the group missing at the same time share the new one', async () => {
  const { queue } = observed
  const ids = newIds(40)
  await queue.append('express', ids)
  const readers = Array.from({ length: 8 }, (_, index) => queue.reader('express', `r${index}`))
  const reads = await Promise.all(readers.map((reader) => reader.read(5, 0, never)))
  expect(idsOf(reads.flat()).toSorted()).toEqual(ids)
})

test('corrupt entries are kept apart with their reason, and gone from the work stream', async () => {
  const { queue, corrupt } = observed
  const stream = streams.normal
  const noId = await redis.command('XADD', stream, '*', 'ID', 'x', 'b', 'c')
  const notOne = await redis.command('XADD', stream, '*', 'id', 'nonsense')
  const huge = await redis.command('XADD', stream, '*', 'id', 'ä'.repeat(1_000_000))
  const binary = await redis.command('XADD', stream, '*', 'id', '\u0000\u0001')
  const ids = newIds(1)
  const wide = await redis.command('XADD', stream, '*', 'extra', '1', 'id', ids[0] ?? '')

  const entries = await queue.reader('normal', 'a').read(10, 0, never)
  expect(entries).toEqual([{ receipt: String(wide), id: ids[0] ?? '', share: 0 }])
  expect(corrupt).toEqual([
    `normal ${noId} no field "id"`,
    `normal ${notOne} not a message id`,
    `normal ${huge} not a message id`,
    `normal ${binary} not a message id`,
  ])
  expect(await queue.depth('normal')).toMatchObject({ total: 1, pending: 1 })
  const kept = (await redis.command('XRANGE', `${stream}:corrupt`, '-', '+')) as [
    string,
    string[],
  ][]
  expect(kept.map(([, fields]) => fields)).toEqual([
    ['entry', String(noId), 'reason', 'no field "id"', 'value', 'ID x b c'],
    ['entry', String(notOne), 'reason', 'not a message id', 'value', 'id nonsense'],
    ['entry', String(huge), 'reason', 'not a message id', 'value', expect.any(String)],
    ['entry', String(binary), 'reason', 'not a message id', 'value', 'id \u0000\u0001'],
  ])
  expect(kept[2]?.[1][5]).toHaveLength(corruptValueLengthMax)
})

test('the place for corrupt entries is bounded', async () => {
  const { queue, corrupt } = observed
  const bad = Array.from({ length: 3 * corruptKeptMax }, (_, index) => `bad-${index}`)
  await queue.append('normal', bad)
  expect(await queue.reader('normal', 'a').read(bad.length, 0, never)).toEqual([])
  expect(corrupt).toHaveLength(bad.length)
  const kept = Number(await redis.command('XLEN', `${streams.normal}:corrupt`))
  expect(kept).toBeGreaterThanOrEqual(corruptKeptMax)
  expect(kept).toBeLessThan(2 * corruptKeptMax)
})

test('corrupt entries that a dead consumer holds are set aside when they are reclaimed', async () => {
  const { queue, corrupt } = observed
  const ids = newIds(2)
  await queue.append('normal', [ids[0] ?? '', 'nonsense', ids[1] ?? ''])
  await queue.depth('normal')
  const group = ['GROUP', 'processors', 'dead', 'STREAMS', streams.normal, '>']
  await redis.command('XREADGROUP', ...group)
  expect(idsOf(await queue.reclaim('normal', 'a', 0, 10))).toEqual(ids)
  expect(corrupt).toHaveLength(1)
  expect(await queue.depth('normal')).toMatchObject({ total: 2, pending: 2 })
})

test('a place for corrupt entries that cannot be written to stops nothing', async () => {
  const { queue, corrupt } = observed
  await redis.command('SET', `${streams.normal}:corrupt`, 'in use')
  const ids = newIds(1)
  await queue.append('normal', ['nonsense', ...ids])
  expect(idsOf(await queue.reader('normal', 'a').read(10, 0, never))).toEqual(ids)
  expect(corrupt).toHaveLength(1)
  expect((await queue.depth('normal')).total).toBe(1)
})

test('a key that is no stream is set aside, and every operation goes on, whichever comes first', async () => {
  const { queue, corrupt } = observed
  const place = `${streams.normal}:corrupt-key`
  const ids = newIds(1)
  for (const operation of [
    () => queue.append('normal', ids),
    () => queue.reader('normal', 'a').read(1, 0, never),
    () => queue.acknowledge('normal', ['1-1']),
    () => queue.reclaim('normal', 'a', 0, 1),
    () => queue.depth('normal'),
  ]) {
    await redis.command('FLUSHALL')
    corrupt.length = 0
    await redis.command('LPUSH', streams.normal, 'kept')
    await operation()
    expect(corrupt).toEqual([`normal ${place} the key was not a stream`])
    expect(await redis.command('LRANGE', place, 0, -1)).toEqual(['kept'])
    await queue.append('normal', ids)
    expect(idsOf(await queue.reader('normal', 'a').read(1, 0, never))).toEqual(ids)
  }
})

test('a second key that is no stream stays where it is, and is named in every error', async () => {
  const { queue, corrupt } = observed
  await redis.command('SET', `${streams.normal}:corrupt-key`, 'the first')
  await redis.command('SET', streams.normal, 'in use')
  const errors = await Promise.all([
    errorOf(queue.append('normal', newIds(2))),
    errorOf(queue.reader('normal', 'a').read(1, 0, never)),
    errorOf(queue.reader('normal', 'b').read(1, endlessMs, never)),
    errorOf(queue.acknowledge('normal', ['1-1'])),
    errorOf(queue.reclaim('normal', 'a', 0, 1)),
    errorOf(queue.depth('normal')),
  ])
  for (const { message } of errors) {
    expect(message).toBe(
      `the Redis key "${streams.normal}" is in use for something that is not a stream`,
    )
  }
  expect((await queue.depth('express')).total).toBe(0)
  expect(await redis.command('GET', streams.normal)).toBe('in use')
  expect(corrupt).toEqual([])
})

test('entries that were deleted while pending are not reclaimed', async () => {
  const { queue } = observed
  await queue.append('normal', newIds(4))
  const held = await queue.reader('normal', 'dead').read(10, 0, never)
  await redis.command('XDEL', streams.normal, ...receiptsOf(held.slice(1, 3)))
  expect(await queue.reclaim('normal', 'a', 0, 10)).toEqual([held[0], held[3]] as typeof held)
  expect(await queue.depth('normal')).toMatchObject({ total: 2, pending: 2 })
})

test('an append that Redis refuses is an error', async () => {
  const { queue } = observed
  await queue.append('normal', newIds(1))
  // The largest id a stream can have: after it no entry can be added.
  await redis.command('XSETID', streams.normal, '18446744073709551615-18446744073709551615')
  expect((await errorOf(queue.append('normal', newIds(2)))).message).toContain('ERR')
})

async function untilBlocked(): Promise<void> {
  await eventually(
    async () => String(await redis.command('INFO', 'clients')).includes('blocked_clients:1'),
    { what: 'the reader waits' },
  )
}

async function consumers(): Promise<string[]> {
  const all = await redis.command('XINFO', 'CONSUMERS', streams.normal, 'processors')
  return (all as unknown[][]).map((fields) => String(fields[1])).toSorted()
}
