/**
 * A faulty network between the gateway and each of its servers: nothing that was accepted is lost, it gets well by itself, and
 * meanwhile memory stays bounded, nothing spins, and clients are answered. Three gateways, one for each server, suffer the
 * same fault at the same time.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { plainArray } from '../../src/store/array-literal.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import { type Gateway, quickRecovery, startGateway, verify } from '../support/gateway-fixture.ts'
import { coreShares, residentBytes, watchResident } from '../support/process-usage.ts'
import { startSteadyLoad } from '../support/steady-load.ts'
import { type NetworkState, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { createTestDatabase, type TestDatabase, testServer } from '../support/test-database.ts'

const servers = ['redis', 'postgres', 'provider'] as const
type ServerName = (typeof servers)[number]

const faults = ['cut', 'stall', 'blackhole', 'half-open', 'corrupt', 'delay'] as const

interface Place {
  readonly server: ServerName
  readonly proxy: TcpProxy
  readonly database: TestDatabase
  readonly gateway: Gateway
}

const settings = {
  ...quickRecovery,
  POSTGRES_STATEMENT_TIMEOUT_MS: '500',
  REDIS_COMMAND_TIMEOUT_MS: '500',
  PROVIDER_PRIMARY_TIMEOUT_MS: '1000',
  PROVIDER_SECONDARY_TIMEOUT_MS: '1000',
  PROVIDER_BACKUP_TIMEOUT_MS: '1000',
  CLAIM_LEASE_MS: '12000',
  QUEUE_RECLAIM_IDLE_MS: '12500',
  RETRY_BACKOFF_BASE_MS: '200',
  CIRCUIT_OPEN_MS_MAX: '1000',
  STOP_GRACE_MS: '1000',
}

/** A statement fails 1.5 s after it was asked; a message may wait for the batch before its own. */
const answerMsMax = 6_000
/** A claim whose answer was lost waits for its lease, and for the sweep to find it. */
const recoveryMsMax = 25_000
const residentGrowthBytesMax = 64 * 2 ** 20
const idleCoreShareMax = 0.5

let places: Place[]

beforeAll(async () => {
  places = await Promise.all(servers.map(openPlace))
})
afterAll(async () => {
  for (const { gateway, database, proxy } of places) {
    await gateway.close()
    await database.drop()
    await proxy.close()
  }
})
beforeEach(async () => {
  await Promise.all(
    places.map(
      ({ database }) =>
        database.sql`TRUNCATE messages, provider_references, delivery_reports, parked_reports`,
    ),
  )
})

async function openPlace(server: ServerName): Promise<Place> {
  const database = await createTestDatabase()
  const redisHost = process.env.TEST_REDIS_HOST ?? ''
  if (server !== 'provider') {
    const proxy = await startTcpProxy(server === 'postgres' ? testServer() : addressOf(redisHost))
    const environment =
      server === 'postgres'
        ? { POSTGRES_WRITE_HOST: proxy.host, POSTGRES_WRITE_PORT: String(proxy.port) }
        : { REDIS_HOST: proxy.hostPort }
    const gateway = await startGateway({ database, environment: { ...settings, ...environment } })
    return { server, proxy, database, gateway }
  }
  const gateway = await startGateway({ database, environment: settings, without: ['processor'] })
  const proxy = await startTcpProxy(addressOf(new URL(gateway.operatorUrl).host))
  Object.assign(gateway.environment, { PROVIDER_PRIMARY_URL: `http://${proxy.hostPort}/primary` })
  gateway.processor = await startRole('processor', gateway.environment)
  return { server, proxy, database, gateway }
}

function addressOf(hostPort: string): { host: string; port: number } {
  const [host = '', port] = hostPort.split(':')
  return { host, port: Number(port) }
}

interface Endured {
  readonly server: ServerName
  readonly accepted: number
  readonly refused: number
  readonly wrong: readonly string[]
  readonly slowestMs: number
  readonly missing: readonly string[]
  /** Of a GET while the fault lasts. */
  readonly readStatus: number
  /** Through the proxy, when the fault began. */
  readonly connections: number
  /** Messages that needed a second attempt. */
  readonly retried: number
  readonly duplicates: number
  readonly duplicatesNotInDoubt: readonly string[]
  readonly recoveredMs: number
  /** Of the process that grew most. */
  readonly residentGrowthBytes: number
  /** Of the process that was busiest while nothing was to be done and the fault lasted. */
  readonly idleCoreShare: number
}

async function endure(
  { server, proxy, database, gateway }: Place,
  fault: NetworkState,
): Promise<Endured> {
  const pids = [gateway.api, gateway.processor, gateway.operator].map(({ pid }) => pid)
  const load = startSteadyLoad(gateway.api.url)
  await load.more(200)
  const before = pids.map(residentBytes)
  const resident = watchResident(pids)
  const connections = proxy.open
  await proxy.become(fault)
  await load.more(500)
  await load.stop()
  const looked = await fetch(`${gateway.api.url}/api/v1/messages/${load.accepted[0]}`)
  const [idleCoreShare = 0] = (await coreShares(pids, 1_500)).sort((a, b) => b - a)
  await proxy.become('pass')
  const healedAt = performance.now()
  await eventually(() => acceptsAgain(gateway, load.accepted), { what: 'messages are accepted' })
  await delivered(database, load.accepted)
  const recoveredMs = Math.round(performance.now() - healedAt)
  const growth = resident.peak().map((bytes, index) => bytes - (before[index] ?? 0))
  const retried = await database.sql`SELECT FROM messages WHERE attempts > 1`
  const { missing, repeated } = await verify(gateway.operatorUrl, load.accepted)
  return {
    server,
    accepted: load.accepted.length,
    refused: load.refused,
    wrong: load.wrong,
    slowestMs: Math.round(load.slowestMs),
    missing,
    readStatus: looked.status,
    connections,
    retried: retried.length,
    duplicates: repeated.length,
    duplicatesNotInDoubt: await notInDoubt(database, repeated),
    recoveredMs,
    residentGrowthBytes: Math.max(...growth),
    idleCoreShare,
  }
}

async function acceptsAgain({ api }: Gateway, accepted: string[]): Promise<boolean> {
  const load = startSteadyLoad(api.url)
  await load.more(20)
  await load.stop()
  accepted.push(...load.accepted)
  return load.accepted.length > 0 && load.refused === 0
}

/** What was committed without its caller hearing of it may take longer: then recovery knows when to look at it. */
async function delivered({ sql }: TestDatabase, ids: readonly string[]): Promise<void> {
  const accepted = plainArray(ids)
  await eventually(
    async () => {
      const open = await sql`
        SELECT status, id = ANY(${accepted}::uuid[]) AS accepted, count(*)::int AS count FROM messages
        WHERE status <> 'delivered' AND (id = ANY(${accepted}::uuid[]) OR due_at IS NULL)
        GROUP BY 1, 2`
      if (open.length > 0) throw new Error(JSON.stringify(open))
      return true
    },
    { what: 'all messages are delivered', timeoutMs: recoveryMsMax, intervalMs: 100 },
  )
}

/** Those of the repeated that were sent twice without a reason, or with another key. */
async function notInDoubt(
  { sql }: TestDatabase,
  repeated: readonly { reference: string; idempotency_keys: unknown }[],
): Promise<string[]> {
  const references = plainArray(repeated.map(({ reference }) => reference))
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM messages WHERE attempts > 1 AND id = ANY(${references}::uuid[])`
  const inDoubt = new Set(rows.map(({ id }) => id))
  return repeated
    .filter(
      ({ reference, idempotency_keys }) =>
        !inDoubt.has(reference) ||
        !(idempotency_keys as string[]).every((key) => key.includes(reference)),
    )
    .map((entry) => JSON.stringify(entry))
}

describe('a network that fails', () => {
  test.each(faults)('%s: nothing is lost, all gets well by itself', async (fault) => {
    for (const endured of await Promise.all(places.map((place) => endure(place, fault)))) {
      expect(endured).toMatchObject({ wrong: [], missing: [], duplicatesNotInDoubt: [] })
      expect(endured.accepted).toBeGreaterThan(0)
      expect(endured.slowestMs).toBeLessThan(answerMsMax)
      expect(endured.residentGrowthBytes).toBeLessThan(residentGrowthBytesMax)
      expect(endured.idleCoreShare).toBeLessThan(idleCoreShareMax)
      expect([200, 503]).toContain(endured.readStatus)
      // A connection that is dead and does not say so costs what was sent over it, and is not used again.
      if (fault === 'half-open' && endured.server === 'provider') {
        expect(endured.retried).toBeLessThanOrEqual(endured.connections)
      }
    }
  })
})

describe('a black hole', () => {
  test('keeps no process from ending: exit 0, or 1 with the name of what hangs', async () => {
    const accepted = await Promise.all(
      places.map(async ({ proxy, gateway }) => {
        const load = startSteadyLoad(gateway.api.url)
        await load.more(100)
        await proxy.become('blackhole')
        await load.more(100)
        const roles = [gateway.api, gateway.processor]
        for (const role of roles) role.signal('SIGTERM')
        await load.stop()
        for (const role of roles) await endsCleanly(role)
        await proxy.become('pass')
        gateway.api = await startRole('api', gateway.environment)
        gateway.processor = await startRole('processor', gateway.environment)
        return load.accepted
      }),
    )
    await Promise.all(
      places.map(({ database }, index) => delivered(database, accepted[index] ?? [])),
    )
  })
})

async function endsCleanly(role: RunningRole): Promise<void> {
  let exitCode: number | undefined
  role.exited.then((code) => {
    exitCode = code
  })
  await eventually(() => exitCode !== undefined, {
    what: `it ends: ${role.logs().slice(-2_000)}`,
    timeoutMs: 30_000,
  })
  if (exitCode !== 0) expect(role.logs()).toContain('service.stop_hangs')
  expect([0, 1]).toContain(exitCode as number)
}
