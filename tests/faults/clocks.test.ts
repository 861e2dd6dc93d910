/** Roles whose clock is wrong, or is set while they run: ids come from it, due times from PostgreSQL's. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import {
  allAre,
  type Gateway,
  message,
  metricSum,
  post,
  quickRecovery,
  startGateway,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

const hourMs = 3_600_000

let redis: RedisServer
let gateway: Gateway
let running: RunningRole[] = []
let clocks: FakeClock[] = []

beforeAll(async () => {
  redis = await startRedis()
  gateway = await startGateway({
    environment: { ...quickRecovery, REDIS_HOST: redis.hostPort },
    without: ['api', 'processor'],
  })
})
afterAll(async () => {
  await gateway.close()
  await redis.remove()
})
beforeEach(async () => {
  await gateway.database.sql`
    TRUNCATE messages, provider_references, delivery_reports, parked_reports`
})
afterEach(async () => {
  for (const role of running) await role.kill()
  for (const clock of clocks) clock.remove()
  running = []
  clocks = []
})

function clockAt(offset: string): FakeClock {
  const clock = createFakeClock(offset)
  clocks.push(clock)
  return clock
}

async function start(role: 'api' | 'processor', clock?: FakeClock): Promise<RunningRole> {
  const started = await startRole(role, { ...gateway.environment, ...clock?.environment })
  running.push(started)
  return started
}

function emptyRedis(): void {
  const client = Bun.spawnSync(['redis-cli', '-p', String(redis.port), 'FLUSHALL'])
  expect(client.stdout.toString()).toBe('OK\n')
}

/** As if so much time had gone by for rows that recovery has in hand. */
const passTime = (ms: number) => gateway.database.sql`
  UPDATE messages SET due_at = due_at - ${ms} * interval '1 ms' WHERE status = 'queued'`

async function expectDeliveredOnce(ids: readonly string[]): Promise<void> {
  await allAre(gateway.database, 'delivered', ids.length)
  expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
}

describe.each([
  ['+1h', hourMs],
  ['-1h', -hourMs],
])('a clock that is off by %s', (offset, offsetMs) => {
  test('of the API: everything is sent once, also what the queue lost', async () => {
    const api = await start('api', clockAt(offset))
    const answer = await post(`${api.url}/api/v1/messages/express`, message)
    expect(answer.status).toBe(202)
    const { id, accepted_at } = (await answer.json()) as { id: string; accepted_at: string }
    expect(Math.abs(Date.parse(accepted_at) - Date.now() - offsetMs)).toBeLessThan(hourMs / 2)
    const ids = [id, ...(await submitMany(api.url, 200))]
    emptyRedis()
    await passTime(31_000)
    const processor = await start('processor')
    ids.push(...(await submitMany(api.url, 200)), ...(await submitMany(api.url, 50, 'express')))
    await expectDeliveredOnce(ids)

    // With a right clock, and lost as well: the sweep, which has gone on, has not passed them.
    await Promise.all([api.kill(), processor.kill()])
    const rightApi = await start('api')
    ids.push(...(await submitMany(rightApi.url, 50)))
    emptyRedis()
    await start('processor')
    await expectDeliveredOnce(ids)
  })

  test('of the processor: everything is sent once, nothing ends early', async () => {
    const api = await start('api')
    const processor = await start('processor', clockAt(offset))
    const ids = [...(await submitMany(api.url, 300)), ...(await submitMany(api.url, 50, 'express'))]
    await expectDeliveredOnce(ids)
    const waits = await metricSum(processor.url, ['sms_queue_wait_seconds_sum'])
    expect(waits).toBeGreaterThanOrEqual(0)
  })
})

test('clocks that are set while messages are under way: everything is sent once', async () => {
  const clock = clockAt('+0')
  const api = await start('api', clock)
  await start('processor', clock)
  const ids: string[] = []
  for (const offset of ['+1h', '+0', '-1h', '+0']) {
    ids.push(...(await submitMany(api.url, 100)))
    clock.set(offset)
    ids.push(...(await submitMany(api.url, 100)), ...(await submitMany(api.url, 20, 'express')))
  }
  await expectDeliveredOnce(ids)
})

test('a processor whose clock is past the retention drops nothing', async () => {
  const api = await start('api')
  const ids = await submitMany(api.url, 10)
  const processor = await start('processor', clockAt('+40d'))
  await expectDeliveredOnce(ids)
  expect(await processor.stop()).toBe(0)
  expect(await gateway.database.sql`SELECT FROM messages`).toHaveLength(ids.length)
})

test('an API whose clock is days off refuses with 503: there is no partition for its ids', async () => {
  const api = await start('api', clockAt('+40d'))
  const refused = await eventually(() => post(`${api.url}/api/v1/messages`, message), {
    what: 'an answer',
  })
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
})
