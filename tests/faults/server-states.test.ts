/** PostgreSQL in bad states: a full disk, no connection left. Refused meanwhile, healed by itself, nothing lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { spawnRole } from '../support/gateway.ts'
import {
  allAre,
  behave,
  type Gateway,
  identities,
  message,
  post,
  quickRecovery,
  startGateway,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { makeSmallFilesystem, type SmallFilesystem } from '../support/small-filesystem.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const connectionsMax = 60
const serverSettings = `
max_connections = ${connectionsMax}
min_wal_size = 2MB
max_wal_size = 8MB
dynamic_shared_memory_type = sysv
`

let disk: SmallFilesystem
let server: PostgresServer
let database: TestDatabase
let gateway: Gateway

beforeAll(async () => {
  disk = makeSmallFilesystem()
  server = await startPostgres(serverSettings, { parent: disk.path, segmentMb: 1 })
  database = await createTestDatabase(server)
  gateway = await startGateway({ database, environment: quickRecovery })
})
afterAll(async () => {
  await gateway.close()
  await database.drop()
  await server.remove()
  disk.remove()
})

beforeEach(async () => {
  await database.sql`TRUNCATE messages, provider_references, delivery_reports, parked_reports`
})

const submit = () =>
  post(`${gateway.api.url}/api/v1/messages`, { ...message, message: 'x'.repeat(1_000) })
const isReady = async (url: string) => (await fetch(`${url}/health/ready`)).ok

/** Submits until `refusals` were refused; answers the ids of what was accepted. Nothing else may be answered. */
async function submitUntilRefused(refusals: number): Promise<string[]> {
  const ids: string[] = []
  for (let refused = 0; refused < refusals; ) {
    const answers = await Promise.all(Array.from({ length: 20 }, submit))
    for (const answer of answers) {
      if (answer.status === 202) {
        ids.push(((await answer.json()) as { id: string }).id)
        continue
      }
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      refused++
    }
  }
  return ids
}

/** Everything committed arrives, and what was answered 202 is among it, once. */
async function expectDelivered(ids: readonly string[]): Promise<void> {
  const [committed] = await database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages`
  await allAre(database, 'delivered', committed?.count ?? 0)
  expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
}

/** The id of the first message that is accepted again. A server that has ended is started, like a service manager does. */
const accepted = () =>
  eventually(
    async () => {
      if (!isAlive(server.pid())) await server.start()
      const answer = await submit()
      return answer.status === 202 ? ((await answer.json()) as { id: string }).id : null
    },
    { what: 'messages are accepted again' },
  )

async function failureOf(work: Promise<unknown>): Promise<{ code?: string }> {
  try {
    await work
  } catch (error) {
    return error as { code?: string }
  }
  throw new Error('this was expected to fail')
}

describe('the disk of PostgreSQL is full', () => {
  const fillRows = () => database.sql`
    INSERT INTO parked_reports (provider, provider_message_id, status, occurred_at)
    SELECT 'nobody', repeat('x', 500) || n, 'delivered', now() FROM generate_series(1, 2000) AS n`

  test('refused with 503 until there is space; what was accepted before and between is sent once', async () => {
    for (const identity of identities) {
      await behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: 200 } })
    }
    const ids = await submitMany(gateway.api.url, 500)
    disk.fill()
    expect((await failureOf(fillRows())).code).toBe('53100')
    ids.push(...(await submitUntilRefused(20)))
    disk.free()
    ids.push(await accepted())
    await expectDelivered(ids)
  })

  test('so that it breaks down: it recovers, and the gateway with it', async () => {
    const ids = await submitMany(gateway.api.url, 500)
    disk.fill()
    // A checkpoint that cannot write is a PANIC: every session ends, and the server recovers like after a crash.
    await failureOf(database.sql`CHECKPOINT`)
    ids.push(...(await submitUntilRefused(1)))
    disk.free()
    ids.push(await accepted())
    await expectDelivered(ids)
  })
})

describe('no connection to PostgreSQL is left', () => {
  test('refused with 503, or served over those that stand; a role that is started then waits', async () => {
    const ids = await submitMany(gateway.api.url, 200)
    const giveBack = await takeAllConnections()
    ids.push(...(await submitUntilRefused(20)))
    expect(await isReady(gateway.api.url)).toBe(false)
    const address = `127.0.0.1:${await freePort()}`
    const role = spawnRole('processor', { ...gateway.environment, METRICS_ADDR: address })
    await eventually(() => role.logs().includes('waiting for PostgreSQL'), { what: 'it waits' })
    expect(role.logs()).toContain('too many clients')
    await giveBack()
    await eventually(() => isReady(`http://${address}`), { what: 'it has started' })
    ids.push(await accepted())
    await expectDelivered(ids)
    expect(await role.stop()).toBe(0)
  })
})

/** Ends the gateway's sessions and takes their places, until it has none; answers what gives them back. */
async function takeAllConnections(): Promise<() => Promise<void>> {
  const { host, port, user, password } = server
  const taken: postgres.Sql[] = []
  async function takeOne(): Promise<boolean> {
    const one = postgres({
      host,
      port,
      user,
      password,
      database: 'postgres',
      max: 1,
      fetch_types: false,
    })
    taken.push(one)
    return await one`SELECT`.then(
      () => true,
      () => false,
    )
  }
  await eventually(
    async () => {
      const ended = await database.sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'sms-gateway%'`
      while (await takeOne());
      return ended.length === 0
    },
    { what: 'all connections are taken', intervalMs: 1 },
  )
  return async () => {
    await Promise.all(taken.map((one) => one.end({ timeout: 1 })))
  }
}

function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}
