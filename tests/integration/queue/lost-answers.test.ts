/** Reads whose answer got lost: Redis has delivered the entries, and the consumer never saw them. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { shareStream } from '../../../src/queue/redis/share-streams.ts'
import { endlessMs, idsOf, never, newIds } from '../../conformance/queue-entries.ts'
import { eventually } from '../../support/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { errorOf, type ObservedQueue, observeQueue, streams } from './redis-fixture.ts'
import { type RedisProcess, startRedisProcess } from './redis-process.ts'

let redis: RedisProcess
let proxy: TcpProxy
let direct: ObservedQueue
let proxied: ObservedQueue

beforeEach(async () => {
  redis = await startRedisProcess()
  proxy = await startTcpProxy(redis)
  direct = observeQueue(redis)
  proxied = observeQueue(proxy)
})
afterEach(async () => {
  await proxied.queue.close()
  await direct.queue.close()
  await proxy.close()
  await redis.stop()
})

const pending = async (): Promise<number> => (await direct.queue.depth('normal')).pending

test.each([[0], [3]])(
  'of share %p come with the next read, once, and before what is new',
  async (share) => {
    const reader = proxied.queue.reader('normal', 'a')
    const shares = [share, share, share]
    const seen = newIds(2)
    await direct.queue.append('normal', seen, shares)
    expect(idsOf(await reader.read(10, 0, never))).toEqual(seen)

    const waiting = errorOf(reader.read(10, endlessMs, never))
    await eventually(async () => /blocked_clients:1/.test(String(await redis.command('INFO'))), {
      what: 'the reader waits',
    })
    await proxy.become('blackhole')
    const lost = newIds(1)
    await direct.queue.append('normal', lost, shares)
    await eventually(async () => (await pending()) === 3, { what: 'they are delivered' })
    await proxy.become('cut')
    await waiting
    const fresh = newIds(3)
    await direct.queue.append('normal', fresh, shares)
    await proxy.become('pass')

    const read = (countMax: number) =>
      eventually(() => reader.read(countMax, endlessMs, never), { what: 'the reader is back' })
    expect(idsOf(await read(10))).toEqual(lost)
    expect(idsOf(await read(10))).toEqual(fresh)
    expect(await redis.command('XLEN', shareStream(streams.normal, share))).toBe(6)
    expect(await pending()).toBe(6)
  },
)
