/** The shares of a lane as streams of Redis: what becomes of one is no other's affair. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test'
import { shareCounts } from '../../../src/domain/fair-share.ts'
import { shareStream } from '../../../src/queue/redis/share-streams.ts'
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

const all = Array.from({ length: shareCounts.normal }, (_, share) => share)
const streamOf = (share: number) => shareStream(streams.normal, share)
/** A new entry in each share; answers their ids. */
async function appendToAll(): Promise<string[]> {
  const ids = newIds(all.length)
  await observed.queue.append('normal', ids, all)
  return ids
}

test('what is in the lane from before it had shares is read, acknowledged and gone', async () => {
  const { queue } = observed
  const [id = ''] = newIds(1)
  const entryId = String(await redis.command('XADD', streams.normal, '*', 'id', id))
  const entries = await queue.reader('normal', 'a').read(10, 0, never)
  expect(entries).toEqual([{ receipt: entryId, id, share: 0 }])
  await queue.acknowledge('normal', receiptsOf(entries))
  expect(await redis.command('XLEN', streams.normal)).toBe(0)
})

test('when one stream is gone, the others go on, and it is made again', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  const before = await appendToAll()
  expect(await reader.read(1, 0, never)).toHaveLength(1)
  await redis.command('DEL', streamOf(2))
  const rest: string[] = []
  while ((await queue.depth('normal')).pending < all.length - 1) {
    rest.push(...idsOf(await reader.read(1, endlessMs, never)))
  }
  expect(rest.filter((id) => before.includes(id))).toEqual(rest)
  expect(await queue.reclaim('normal', 'b', 0, 100)).toHaveLength(all.length - 1)
  const after = await appendToAll()
  expect(idsOf(await reader.read(100, 0, never)).toSorted()).toEqual(after.toSorted())
})

test('a flush while a reader waits: it gets what is appended to any share afterwards', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  for (const share of all) {
    const reading = reader.read(10, endlessMs, never)
    await eventually(
      async () => String(await redis.command('INFO', 'clients')).includes('blocked_clients:1'),
      { what: 'the reader waits' },
    )
    await redis.command('FLUSHALL')
    const ids = newIds(1)
    await queue.append('normal', ids, [share])
    expect(idsOf(await reading)).toEqual(ids)
  }
})

test('a key that is no stream, in any share, is set aside by every operation', async () => {
  const { queue, corrupt } = observed
  for (const operation of [
    () => queue.append('normal', newIds(1), [3]),
    () => queue.reader('normal', 'a').read(10, 0, never),
    () => queue.reader('normal', 'a').read(1, 0, never),
    () => queue.acknowledge('normal', ['3/1-1']),
    () => queue.reclaim('normal', 'a', 0, 1),
    () => queue.depth('normal'),
  ]) {
    await redis.command('FLUSHALL')
    corrupt.length = 0
    await redis.command('LPUSH', streamOf(3), 'kept')
    await operation()
    expect(corrupt).toEqual([`normal ${streamOf(3)}:corrupt-key the key was not a stream`])
    const ids = await appendToAll()
    const read = idsOf(await queue.reader('normal', 'a').read(10, 0, never))
    expect(ids.filter((id) => read.includes(id))).toEqual(ids)
  }
})

test('a key that cannot be set aside is named', async () => {
  const { queue } = observed
  await redis.command('SET', `${streamOf(4)}:corrupt-key`, 'the first')
  await redis.command('SET', streamOf(4), 'in use')
  expect((await errorOf(queue.depth('normal'))).message).toBe(
    `the Redis key "${streamOf(4)}" is in use for something that is not a stream`,
  )
})

test('corrupt entries are kept beside their own stream', async () => {
  const { queue, corrupt } = observed
  const entryId = String(await redis.command('XADD', streamOf(2), '*', 'id', 'nonsense'))
  expect(await queue.reader('normal', 'a').read(10, 0, never)).toEqual([])
  expect(corrupt).toEqual([`normal 2/${entryId} not a message id`])
  expect(await redis.command('XLEN', `${streamOf(2)}:corrupt`)).toBe(1)
  expect(await redis.command('XLEN', streamOf(2))).toBe(0)
})

test('a read is one question while little is there, and two while one share is busy', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  await queue.append(
    'normal',
    newIds(5_000),
    Array.from({ length: 5_000 }, () => 4),
  )
  await reader.read(500, endlessMs, never)
  const before = await reads()
  for (let read = 0; read < 8; read++) {
    expect(await reader.read(500, endlessMs, never)).toHaveLength(500)
  }
  expect((await reads()) - before).toBe(16)
  expect(await reader.read(1_000, endlessMs, never)).toHaveLength(500)
  const idle = await reads()
  const reading = reader.read(500, endlessMs, never)
  await queue.append('normal', newIds(1), [2])
  expect(await reading).toHaveLength(1)
  expect((await reads()) - idle).toBe(1)
})

async function reads(): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'))
  return Number(/cmdstat_xreadgroup:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}
