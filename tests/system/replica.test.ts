/** Reads on a real streaming replica: used while it is fresh enough, passed over when it lags or is gone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createDatabase } from '../../src/store/database.ts'
import { createReplicaLag } from '../../src/store/replica-lag.ts'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, metric, startGateway, submitOne } from '../support/gateway-fixture.ts'
import {
  type PostgresReplica,
  type PostgresServer,
  startPostgres,
  startReplica,
} from '../support/postgres-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let primary: PostgresServer
let replica: PostgresReplica
let database: TestDatabase
let gateway: Gateway
beforeAll(async () => {
  primary = await startPostgres()
  database = await createTestDatabase(primary)
  replica = await startReplica(primary)
  gateway = await startGateway({
    database,
    environment: {
      POSTGRES_READ_HOST: replica.host,
      POSTGRES_READ_PORT: String(replica.port),
      POSTGRES_READ_LAG_MS_MAX: '1000',
    },
  })
})
afterAll(async () => {
  await gateway.close()
  await database.drop()
  await replica.remove()
  await primary.remove()
})

const readsFrom = async (target: 'replica' | 'primary') =>
  (await metric(gateway.api.url, 'sms_reads_total', { target })) ?? 0

const list = async () => {
  const response = await fetch(`${gateway.api.url}/api/v1/messages?limit=5`)
  expect(response.status).toBe(200)
  return ((await response.json()) as { messages: { id: string; status: string }[] }).messages
}

const lag = () => metric(gateway.api.url, 'sms_replica_lag_seconds')

describe('a replica', () => {
  test('answers listings while it is fresh; a young message is read from the primary', async () => {
    await eventually(async () => (await lag()) === 0, { what: 'the lag is measured' })
    const id = await submitOne(gateway.api.url)
    const before = await readsFrom('primary')
    const response = await fetch(`${gateway.api.url}/api/v1/messages/${id}`)
    expect(response.status).toBe(200)
    expect(await readsFrom('primary')).toBe(before + 1)
    const replicaReads = await readsFrom('replica')
    await eventually(async () => (await list())[0]?.id === id, { what: 'the replica has it' })
    expect(await readsFrom('replica')).toBeGreaterThan(replicaReads)
  })

  test('with replay paused is passed over once it lags too far, and nobody reads the past', async () => {
    await replica.pauseReplay()
    try {
      const id = await submitOne(gateway.api.url)
      await eventually(async () => ((await lag()) ?? 0) > 1, { what: 'the lag is seen' })
      const before = await readsFrom('replica')
      expect((await list())[0]?.id).toBe(id)
      expect(await readsFrom('replica')).toBe(before)
    } finally {
      await replica.resumeReplay()
    }
    const before = await readsFrom('replica')
    await eventually(async () => (await lag()) === 0, { what: 'it caught up' })
    await list()
    expect(await readsFrom('replica')).toBe(before + 1)
  })

  test('is judged by the doctor: it follows, or it is behind', async () => {
    const judged = async () => {
      const { stdout } = await runCommand(['doctor', '--for', 'api'], gateway.environment)
      return stdout.split('\n').find((line) => line.includes(' replica: ')) ?? stdout
    }
    expect(await judged()).toMatch(/^ok +replica: .* follows the primary/)
    await replica.pauseReplay()
    try {
      await submitOne(gateway.api.url)
      expect(await judged()).toMatch(/^warning +replica: .* behind: reads go to the primary/)
    } finally {
      await replica.resumeReplay()
    }
  })

  test('that does not know an id which claims to be old is not believed: its maker may have a wrong clock', async () => {
    await eventually(async () => (await lag()) === 0, { what: 'the replica is used' })
    const id = Bun.randomUUIDv7('hex', Date.now() - 3_600_000)
    await replica.pauseReplay()
    try {
      await database.sql`
        INSERT INTO messages (id, customer_id, lane, recipient, body, status, expires_at)
        VALUES (${id}, 1, 'normal', '+1234567890', 'x', 'queued', now() + interval '1 day')`
      expect((await fetch(`${gateway.api.url}/api/v1/messages/${id}`)).status).toBe(200)
    } finally {
      await replica.resumeReplay()
    }
  })

  test('already behind when it is first measured lags, and is not used before it has caught up', async () => {
    const server = { host: replica.host, port: replica.port }
    const pools = createDatabase({
      write: { host: primary.host, port: primary.port },
      read: server,
      user: primary.user,
      password: primary.password,
      database: database.name,
      tls: 'disable',
      poolWriteMax: 1,
      poolReadMax: 1,
      statementTimeoutMs: 5000,
      applicationName: 'replica-test',
      embedded: false,
    })
    let nowMs = Date.now()
    const replicaLag = createReplicaLag(pools, 1000, { now: () => nowMs, monotonicMs: () => nowMs })
    await replica.pauseReplay()
    try {
      await database.sql`SELECT pg_logical_emit_message(true, 'replica-test', 'one record more')`
      await replicaLag.measure()
      expect(replicaLag.lagMs).toBe(0)
      expect(replicaLag.usable).toBe(false)
      nowMs += 500
      await replicaLag.measure()
      expect(replicaLag.lagMs).toBe(500)
      expect(replicaLag.usable).toBe(false)
    } finally {
      await replica.resumeReplay()
    }
    await eventually(
      async () => {
        await replicaLag.measure()
        return replicaLag.usable && replicaLag.lagMs === 0
      },
      { what: 'it caught up' },
    )
    await pools.close(1000)
  })

  test('that is gone costs no read', async () => {
    await replica.stop()
    for (let read = 0; read < 10; read++) await list()
    await eventually(async () => Number.isNaN(await lag()), { what: 'it counts as down' })
    const before = await readsFrom('primary')
    await list()
    expect(await readsFrom('primary')).toBe(before + 1)
    await replica.start()
    await eventually(async () => (await lag()) === 0, { what: 'it is back' })
    const replicaReads = await readsFrom('replica')
    await list()
    expect(await readsFrom('replica')).toBe(replicaReads + 1)
  })
})
