/** Redis in bad states: full, allowed to drop keys, and with things in the streams' places that nobody of us put there. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { shareCounts } from '../../src/domain/fair-share.ts'
import { shareStream } from '../../src/queue/redis/share-streams.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { startRole } from '../support/gateway.ts'
import {
  allAre,
  behave,
  type Gateway,
  identities,
  metric,
  quickRecovery,
  startGateway,
  statusCounts,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

let redis: RedisServer
let gateway: Gateway
let normal = ''
let express = ''

beforeAll(async () => {
  redis = await startRedis()
  gateway = await startGateway({ environment: { ...quickRecovery, REDIS_HOST: redis.hostPort } })
  normal = gateway.environment.QUEUE_NAME ?? ''
  express = gateway.environment.QUEUE_EXPRESS_NAME ?? ''
})
afterAll(async () => {
  await gateway.close()
  await redis.remove()
})
beforeEach(async () => {
  await gateway.database.sql`
    TRUNCATE messages, provider_references, delivery_reports, parked_reports`
  for (const identity of identities) await delayOf(identity, 5)
})

const delayOf = (identity: string, ms: number) =>
  behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: ms } })

function command(...args: string[]): string {
  const client = Bun.spawnSync(['redis-cli', '-p', String(redis.port), ...args])
  const answer = client.stdout.toString().trim()
  if (client.exitCode !== 0 || answer.startsWith('ERR')) throw new Error(answer)
  return answer
}

async function expectDeliveredOnce(ids: readonly string[]): Promise<void> {
  await allAre(gateway.database, 'delivered', ids.length)
  expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
}

const corruptCount = async (lane: string) =>
  (await metric(gateway.processor.url, 'sms_queue_corrupt_entries_total', { lane })) ?? 0

/** Of the normal lane, in all its shares. */
const normalShares = () =>
  Array.from({ length: shareCounts.normal }, (_, share) => shareStream(normal, share))
const normalIsEmpty = () => normalShares().every((stream) => command('XLEN', stream) === '0')

/** In both roles: whichever comes to it first sets it aside. */
const corruptCountOfAll = async (lane: string) =>
  (await corruptCount(lane)) +
  ((await metric(gateway.api.url, 'sms_queue_corrupt_entries_total', { lane })) ?? 0)

describe('Redis has no memory left', () => {
  test('what is in the queue is sent; what it refuses is 202 all the same, and sent when there is room', async () => {
    for (const identity of identities) await delayOf(identity, 100)
    const ids = await submitMany(gateway.api.url, 1_000)
    command('CONFIG', 'SET', 'maxmemory', '1')
    try {
      expect(command('XADD', 'probe', '*', 'a', 'b')).toStartWith('OOM')
      await allAre(gateway.database, 'delivered', ids.length)
      await eventually(normalIsEmpty, { what: 'all is acknowledged' })
      const before = (await metric(gateway.api.url, 'sms_enqueue_failures_total')) ?? 0
      ids.push(...(await submitMany(gateway.api.url, 100)))
      await eventually(
        async () =>
          ((await metric(gateway.api.url, 'sms_enqueue_failures_total')) ?? 0) - before === 100,
        { what: 'the refusals are counted' },
      )
      expect((await statusCounts(gateway.database)).queued).toBe(100)
    } finally {
      command('CONFIG', 'SET', 'maxmemory', '0')
    }
    await expectDeliveredOnce(ids)
  })

  test('a policy that lets it drop the streams then is warned of at start, others are not', async () => {
    const metricsAddress = `127.0.0.1:${await freePort()}`
    const environment = { ...gateway.environment, METRICS_ADDR: metricsAddress }
    for (const [policy, isWarnedOf] of [
      ['allkeys-lru', true],
      ['volatile-lru', false],
      ['noeviction', false],
    ] as const) {
      command('CONFIG', 'SET', 'maxmemory-policy', policy)
      const role = await startRole('processor', environment)
      expect(await role.stop()).toBe(0)
      expect(role.logs().includes('redis.eviction_policy')).toBe(isWarnedOf)
      if (isWarnedOf) expect(role.logs()).toContain(policy)
    }
  })
})

describe('entries that hold no message id', () => {
  const corrupt = 3_000

  test('thousands of them are counted, logged in few lines and kept within bounds; both lanes go on', async () => {
    const countedBefore = await corruptCount('normal')
    const linesBefore = gateway.processor.logs().split('queue.entry_corrupt').length
    const add = `for i = 1, ${corrupt} do redis.call('XADD', KEYS[1], '*', 'id', 'not an id') end`
    const ids = await submitMany(gateway.api.url, 100)
    command('EVAL', add, '1', normal)
    command('XADD', normal, '*', 'something', 'else')
    command('EVAL', `redis.call('XADD', KEYS[1], '*', 'id', string.rep('x', 1000000))`, '1', normal)
    ids.push(...(await submitMany(gateway.api.url, 100)))
    ids.push(...(await submitMany(gateway.api.url, 50, 'express')))
    await expectDeliveredOnce(ids)
    await eventually(async () => (await corruptCount('normal')) - countedBefore === corrupt + 2, {
      what: 'all are counted',
    })
    await eventually(() => command('XLEN', normal) === '0', { what: 'the stream is empty' })
    const kept = Number(command('XLEN', `${normal}:corrupt`))
    expect(kept).toBeGreaterThanOrEqual(1_000)
    expect(kept).toBeLessThan(2_000)
    const lines = () => gateway.processor.logs().split('queue.entry_corrupt').length - linesBefore
    // What is logged is gathered for a moment before it is written.
    await eventually(() => lines() > 0, { what: 'it is logged' })
    expect(lines()).toBeGreaterThan(0)
    expect(lines()).toBeLessThan(30)
  })

  test('an id that no message has is stale: nothing is sent for it, and it leaves the queue', async () => {
    const stale = () => metric(gateway.processor.url, 'sms_stale_entries_total', { lane: 'normal' })
    const before = (await stale()) ?? 0
    command('XADD', normal, '*', 'id', Bun.randomUUIDv7())
    command('XADD', normal, '*', 'id', Bun.randomUUIDv7('hex', 0))
    await eventually(async () => ((await stale()) ?? 0) - before === 2, { what: 'both are seen' })
    await eventually(() => command('XLEN', normal) === '0', { what: 'the stream is empty' })
    await expectDeliveredOnce(await submitMany(gateway.api.url, 10))
  })
})

describe('a key that is no stream', () => {
  test('is set aside, and both lanes go on with a stream', async () => {
    const before = [await corruptCountOfAll('normal'), await corruptCountOfAll('express')]
    const ids = await submitMany(gateway.api.url, 50)
    await expectDeliveredOnce(ids)
    command('SET', normal, 'a string')
    // In one command: between two, the stream would be there again.
    const putList = `redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'a', 'list')`
    command('EVAL', putList, '1', express)
    ids.push(...(await submitMany(gateway.api.url, 50)))
    ids.push(...(await submitMany(gateway.api.url, 50, 'express')))
    await expectDeliveredOnce(ids)
    expect(command('GET', `${normal}:corrupt-key`)).toBe('a string')
    expect(command('LLEN', `${express}:corrupt-key`)).toBe('2')
    const after = [await corruptCountOfAll('normal'), await corruptCountOfAll('express')]
    expect(after).toEqual(before.map((count) => count + 1))
    const logs = () => gateway.processor.logs() + gateway.api.logs()
    await eventually(() => logs().includes('the key was not a stream'), { what: 'it is logged' })
    expect(logs()).toContain('the key was not a stream')
  })

  test('nor does it stop the other shares of the lane when it is in the place of one, or one is gone', async () => {
    const [, second = '', third = ''] = normalShares()
    for (const identity of identities) await delayOf(identity, 50)
    const ids = await submitMany(gateway.api.url, 2_000)
    await eventually(() => command('TYPE', third) === 'stream', { what: 'shares are in use' })
    const putString = `redis.call('DEL', KEYS[1]) redis.call('SET', KEYS[1], 'a string')`
    command('EVAL', putString, '1', second)
    command('DEL', third)
    ids.push(...(await submitMany(gateway.api.url, 500)))
    await expectDeliveredOnce(ids)
    expect(command('GET', `${second}:corrupt-key`)).toBe('a string')
    await eventually(normalIsEmpty, { what: 'all is acknowledged' })
  })
})
