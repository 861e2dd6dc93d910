/** Servers that go away under a running gateway, and processes that die: what was accepted arrives. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { startRole } from '../support/gateway.ts'
import {
  allAre,
  behave,
  type Gateway,
  identities,
  message,
  metric,
  post,
  quickRecovery,
  startGateway,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let postgres: PostgresServer
let redis: RedisServer
let database: TestDatabase
let gateway: Gateway
let accepted = 0

beforeAll(async () => {
  postgres = await startPostgres()
  redis = await startRedis()
  database = await createTestDatabase(postgres)
  gateway = await startGateway({
    database,
    environment: { ...quickRecovery, REDIS_HOST: redis.hostPort },
  })
})
afterAll(async () => {
  await gateway.close()
  await database.drop()
  await redis.remove()
  await postgres.remove()
})

beforeEach(async () => {
  accepted = 0
  await database.sql`TRUNCATE messages, provider_references, delivery_reports, parked_reports`
  for (const identity of identities) {
    await fetch(`${gateway.operatorUrl}/control/${identity}/behaviour`, { method: 'DELETE' })
  }
})

const submit = () => post(`${gateway.api.url}/api/v1/messages`, message)

async function acceptMany(count: number): Promise<string[]> {
  const ids = await submitMany(gateway.api.url, count)
  accepted += count
  return ids
}

describe('PostgreSQL away', () => {
  test('is answered 503 with Retry-After, and heals by itself', async () => {
    await postgres.stop('immediate')
    const refused = await submit()
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect((await fetch(`${gateway.api.url}/health`)).status).toBe(200)
    expect((await fetch(`${gateway.api.url}/health/ready`)).status).toBe(503)
    await postgres.start()
    await eventually(async () => (await submit()).status === 202, {
      what: 'messages are accepted again',
    })
    // A commit whose answer was lost may be among them: it is sent as well.
    const [committed] = await database.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM messages`
    await allAre(database, 'delivered', committed?.count ?? 0)
  })
})

describe('Redis away', () => {
  test('costs nothing but time: still 202, and sent when it is back, empty', async () => {
    await redis.kill()
    const ids = await acceptMany(50)
    expect((await fetch(`${gateway.api.url}/health/ready`)).status).toBe(200)
    redis.forget()
    await redis.start()
    await allAre(database, 'delivered', accepted)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
  })

  test('emptied under a backlog, it loses nothing', async () => {
    for (const identity of identities) {
      await behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: 300 } })
    }
    const ids = await acceptMany(3_000)
    await redis.flushAll()
    for (const identity of identities) {
      await behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: 5 } })
    }
    await allAre(database, 'delivered', accepted)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
  })
})

describe('a processor killed while it submits', () => {
  test('loses nothing; what was in flight is sent again with the same key', async () => {
    for (const identity of identities) {
      await behave(gateway.operatorUrl, identity, {
        latency: { kind: 'fixed', value_ms: 400 },
        deduplicate: false,
      })
    }
    const ids = await acceptMany(1_000)
    await eventually(
      async () =>
        ((await metric(gateway.processor.url, 'sms_claimed_total', { lane: 'normal' })) ?? 0) > 0 &&
        (await database.sql`SELECT FROM messages WHERE status = 'sending' LIMIT 1`).length > 0,
      { what: 'messages are in flight' },
    )
    await gateway.processor.kill()
    const [inFlight] = await database.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM messages WHERE status = 'sending'`
    for (const identity of identities) {
      await behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: 5 } })
    }
    gateway.processor = await startRole('processor', gateway.environment)
    await allAre(database, 'delivered', accepted)
    const { missing, repeated } = await verify(gateway.operatorUrl, ids)
    expect(missing).toEqual([])
    expect(repeated.length).toBeLessThanOrEqual(inFlight?.count ?? 0)
    for (const { reference, idempotency_keys } of repeated) {
      expect(JSON.stringify(idempotency_keys)).toContain(reference)
    }
  })
})

describe('a provider that dies', () => {
  test('loses nothing: the others take over, its circuit opens, and closes when it is back', async () => {
    const operatorAddress = `127.0.0.1:${await freePort()}`
    const separateEnvironment = { ...gateway.environment, OPERATOR_ADDR: operatorAddress }
    const separate = await startRole('operator', separateEnvironment)
    await gateway.processor.stop()
    const environment = { ...gateway.environment, PROVIDER_PRIMARY_URL: `${separate.url}/primary` }
    gateway.processor = await startRole('processor', environment)
    const circuit = (state: string) =>
      metric(gateway.processor.url, 'sms_provider_circuit_state', { provider: 'primary', state })
    await acceptMany(500)
    await allAre(database, 'delivered', accepted)
    await separate.kill()
    for (let batch = 0; batch < 5; batch++) await acceptMany(200)
    await eventually(async () => (await circuit('open')) === 1, { what: 'the circuit opens' })
    await eventually(
      async () =>
        (await database.sql`SELECT FROM messages WHERE status IN ('queued', 'sending') LIMIT 1`)
          .length === 0,
      { what: 'the others have sent everything' },
    )
    const back = await startRole('operator', separateEnvironment)
    await eventually(
      async () => {
        await acceptMany(20)
        return (await circuit('closed')) === 1
      },
      { what: 'the circuit closes', timeoutMs: 30_000, intervalMs: 200 },
    )
    expect(
      await metric(gateway.processor.url, 'sms_submitted_total', {
        provider: 'primary',
        outcome: 'unavailable',
      }),
    ).toBeGreaterThan(0)
    await allAre(database, 'delivered', accepted)
    await back.kill()
    await gateway.processor.stop()
    gateway.processor = await startRole('processor', gateway.environment)
  })
})
