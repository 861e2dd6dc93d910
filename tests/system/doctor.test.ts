/** `sms-gateway doctor` on set-ups that are broken in one way each: it names the fault and the remedy. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:net'
import { Redis } from 'ioredis'
import { freePort } from '../support/free-port.ts'
import { type Environment, type RunningRole, runCommand, startRole } from '../support/gateway.ts'
import { queueEnvironment } from '../support/redis-prefix.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

interface Finding {
  readonly subject: string
  readonly verdict: 'ok' | 'warning' | 'fault'
  readonly detail: string
  readonly remedy: string | null
}

let database: TestDatabase
let redis: RedisServer
let administration: Redis
let operator: RunningRole
let environment: Environment

beforeAll(async () => {
  database = await createTestDatabase()
  redis = await startRedis()
  administration = new Redis(redis.port)
  operator = await startRole('operator', { LOG_LEVEL: 'warn' })
  environment = {
    ...database.environment,
    ...queueEnvironment(),
    REDIS_HOST: redis.hostPort,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
    METRICS_ADDR: `127.0.0.1:${await freePort()}`,
    PROVIDER_PRIMARY_URL: `${operator.url}/primary`,
    PROVIDER_PRIMARY_SECRET: 'secret-of-primary',
  }
})
afterAll(async () => {
  await operator.kill()
  administration.disconnect()
  await redis.remove()
  await database.drop()
})

async function examine(changes: Environment = {}, args: readonly string[] = []) {
  const result = await runCommand(['doctor', '--json', ...args], { ...environment, ...changes })
  const lines = result.stdout.trim().split('\n')
  const findings = lines.map((line) => JSON.parse(line) as Finding)
  return { ...result, findings, bad: findings.filter(({ verdict }) => verdict !== 'ok') }
}

/** Of a set-up with one fault. */
async function theFault(changes: Environment = {}): Promise<Finding> {
  const { bad, exitCode, stdout } = await examine(changes)
  expect(exitCode).toBe(1)
  expect(
    bad.map(({ verdict }) => verdict),
    stdout,
  ).toEqual(['fault'])
  return bad[0] as Finding
}

test('a good set-up has no fault, and it is said what was looked at', async () => {
  const { findings, exitCode } = await examine()
  expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([])
  expect(exitCode).toBe(0)
  expect([...new Set(findings.map(({ subject }) => subject))]).toEqual([
    'configuration',
    'APP_ADDR',
    'METRICS_ADDR',
    'open files',
    'PostgreSQL',
    'Redis',
    'provider primary',
  ])
  const { stdout } = await runCommand(['doctor'], environment)
  expect(stdout).toContain('ok       PostgreSQL: all ')
  expect(stdout).toEndWith('\n0 faults, 0 warnings\n')
  expect(stdout).not.toContain('\u001b')
})

describe('the configuration', () => {
  test('with faults: each is one, beside what else there is', async () => {
    const { bad, exitCode } = await examine({ CLAIM_LEASE_MS: 'soon', REDIS_HSOT: 'there' })
    expect(exitCode).toBe(1)
    expect(bad.map(({ detail }) => detail.split(' ', 1)[0])).toEqual([
      'REDIS_HSOT',
      'CLAIM_LEASE_MS',
    ])
    expect(bad[1]?.remedy).toContain('correct CLAIM_LEASE_MS')
  })

  test('with a provider that has no secret: a warning', async () => {
    const { bad, exitCode } = await examine({ PROVIDER_PRIMARY_SECRET: '' })
    expect(exitCode).toBe(0)
    expect(bad).toMatchObject([{ verdict: 'warning', subject: 'providers' }])
    expect(bad[0]?.detail).toContain('PROVIDER_PRIMARY_SECRET')
  })
})

describe('PostgreSQL', () => {
  test('that is not there', async () => {
    const port = String(await freePort())
    const { detail, remedy } = await theFault({ POSTGRES_WRITE_PORT: port })
    expect(detail).toContain('ECONNREFUSED')
    expect(remedy).toContain('start PostgreSQL')
  })

  test('of a name that is none', async () => {
    const { remedy } = await theFault({ POSTGRES_WRITE_HOST: 'postgres.invalid' })
    expect(remedy).toContain('correct POSTGRES_WRITE_HOST')
  })

  test('that knows the user by another password, which is not shown', async () => {
    const { detail, remedy } = await theFault({ POSTGRES_PASSWORD: 'not-this-one' })
    expect(detail).toContain('password authentication failed')
    expect(detail).not.toContain('not-this-one')
    expect(remedy).toContain('POSTGRES_PASSWORD')
  })

  test('without the database', async () => {
    const { remedy } = await theFault({ POSTGRES_DB: 'nowhere' })
    expect(remedy).toContain('createdb')
  })

  test('without the migrations', async () => {
    const empty = await createTestDatabase(undefined, { migrate: false })
    try {
      const { detail, remedy } = await theFault(empty.environment)
      expect(detail).toMatch(/^(\d+) of \1 migrations are pending$/)
      expect(remedy).toContain('sms-gateway migrate')
    } finally {
      await empty.drop()
    }
  })

  test('with the migrations of another build', async () => {
    const other = await createTestDatabase()
    try {
      await other.sql`UPDATE schema_migrations SET checksum = 'another' WHERE version = 1`
      expect((await theFault(other.environment)).detail).toContain('messages')
    } finally {
      await other.drop()
    }
  })

  test('that takes no writes', async () => {
    const standby = await createTestDatabase()
    try {
      await standby.sql.unsafe(
        `ALTER DATABASE ${standby.name} SET default_transaction_read_only = on`,
      )
      expect((await theFault(standby.environment)).remedy).toContain('at the primary')
    } finally {
      await standby.drop()
    }
  })

  test('whose user may not make tables, or does not own them', async () => {
    const user = `guest_${crypto.randomUUID().slice(0, 8)}`
    const { sql } = database
    await sql.unsafe(`CREATE ROLE ${user} LOGIN PASSWORD 'guest'`)
    try {
      const guest = { POSTGRES_USER: user, POSTGRES_PASSWORD: 'guest' }
      expect((await theFault(guest)).remedy).toStartWith(`GRANT CREATE ON SCHEMA public TO ${user}`)
      await sql.unsafe(`GRANT CREATE ON SCHEMA public TO ${user}`)
      expect((await theFault(guest)).detail).toContain('does not own the tables: api_keys')
    } finally {
      await sql.unsafe(`REVOKE ALL ON SCHEMA public FROM ${user}; DROP ROLE ${user}`)
    }
  })

  test('that forgets commits when it crashes', async () => {
    const hasty = await createTestDatabase()
    try {
      await hasty.sql.unsafe(`ALTER DATABASE ${hasty.name} SET synchronous_commit = off`)
      expect((await theFault(hasty.environment)).remedy).toContain('synchronous_commit = on')
    } finally {
      await hasty.drop()
    }
  })

  test('beside a replica that is none, or not there', async () => {
    const port = String(await freePort())
    expect(await theFault({ POSTGRES_READ_PORT: port })).toMatchObject({ subject: 'replica' })
  })
})

describe('Redis', () => {
  test('that is not there', async () => {
    const { remedy } = await theFault({ REDIS_HOST: `127.0.0.1:${await freePort()}` })
    expect(remedy).toContain('start Redis')
  })

  test('that wants a password, or another one, which is not shown', async () => {
    await administration.config('SET', 'requirepass', 'right')
    try {
      expect((await theFault()).remedy).toContain('REDIS_PASSWORD')
      const wrong = await theFault({ REDIS_PASSWORD: 'not-this-one' })
      expect(wrong.remedy).toContain('REDIS_PASSWORD')
      expect(JSON.stringify(wrong)).not.toContain('not-this-one')
      expect((await examine({ REDIS_PASSWORD: 'right' })).exitCode).toBe(0)
    } finally {
      await administration.config('SET', 'requirepass', '')
    }
  })

  test('that throws the queue away', async () => {
    await administration.config('SET', 'maxmemory-policy', 'allkeys-lru')
    try {
      expect((await theFault()).remedy).toContain('noeviction')
    } finally {
      await administration.config('SET', 'maxmemory-policy', 'noeviction')
    }
  })

  test('that keeps nothing: a warning', async () => {
    await administration.config('SET', 'appendonly', 'no')
    try {
      const { bad, exitCode } = await examine()
      expect(exitCode).toBe(0)
      expect(bad).toMatchObject([{ verdict: 'warning', subject: 'Redis' }])
    } finally {
      await administration.config('SET', 'appendonly', 'yes')
    }
  })

  test('that is a replica', async () => {
    const primary = await startRedis()
    try {
      await administration.replicaof('127.0.0.1', primary.port)
      expect((await theFault()).remedy).toContain('at the primary')
    } finally {
      await administration.replicaof('NO', 'ONE')
      await primary.remove()
    }
  })
})

describe('around it', () => {
  test('a provider that is not there', async () => {
    const url = `http://127.0.0.1:${await freePort()}/primary`
    const { subject, remedy } = await theFault({ PROVIDER_PRIMARY_URL: url })
    expect(subject).toBe('provider primary')
    expect(remedy).toContain('correct its address')
  })

  test('a provider with a certificate that is none', async () => {
    const { remedy } = await theFault({
      PROVIDER_PRIMARY_URL: `https://${new URL(operator.url).host}/primary`,
    })
    expect(remedy).toContain('certificate')
  })

  test('an address that somebody else has, or that is a gateway’s', async () => {
    const stranger: Server = createServer().listen(0, '127.0.0.1')
    try {
      const { port } = stranger.address() as { port: number }
      const { subject, remedy } = await theFault({ APP_ADDR: `127.0.0.1:${port}` })
      expect(subject).toBe('APP_ADDR')
      expect(remedy).toContain('another port')
    } finally {
      stranger.close()
    }
    const api = await startRole('api', { ...environment, LOG_LEVEL: 'warn' })
    try {
      const { findings, exitCode } = await examine()
      expect(exitCode).toBe(0)
      expect(findings.find(({ subject }) => subject === 'APP_ADDR')?.detail).toContain(
        'a gateway runs',
      )
    } finally {
      await api.kill()
    }
  })

  test('a role for itself: only what it needs is looked at', async () => {
    const nothing = { REDIS_HOST: '127.0.0.1:1', PROVIDER_PRIMARY_URL: '' }
    expect((await examine(nothing, ['--for', 'migrate'])).exitCode).toBe(0)
    expect((await runCommand(['doctor', '--for', 'nobody'])).exitCode).toBe(2)
  })
})
