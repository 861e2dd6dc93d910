/** The command line: help, versions, faults, exit codes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { version } from '../../package.json'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type Environment, runCommand, spawnRole, startRole } from '../support/gateway.ts'
import { metric, submitOne } from '../support/gateway-fixture.ts'
import { queueEnvironment } from '../support/redis-prefix.ts'
import { startRedis } from '../support/redis-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let environment: Environment
beforeAll(async () => {
  database = await createTestDatabase()
  environment = {
    ...database.environment,
    ...queueEnvironment(),
    PROVIDER_PRIMARY_URL: 'http://127.0.0.1:1/primary',
    LOG_LEVEL: 'warn',
    START_TIMEOUT_MS: '1500',
  }
})
afterAll(() => database.drop())

describe('command line', () => {
  test('--version and --help', async () => {
    expect((await runCommand(['--version'])).stdout).toContain(`sms-gateway ${version} (`)
    const help = await runCommand(['--help'])
    expect(help.exitCode).toBe(0)
    for (const command of [
      'api',
      'processor',
      'operator',
      'standalone',
      'migrate',
      'healthcheck',
      'config',
      'dlq',
      'reports',
      'providers',
    ]) {
      expect(help.stdout).toContain(`  ${command} `)
    }
    expect((await runCommand(['dlq', 'replay', '--help'])).exitCode).toBe(0)
  })

  test('wrong use is 2 and says what is wrong', async () => {
    const unknown = await runCommand(['serve'])
    expect(unknown).toMatchObject({ exitCode: 2 })
    expect(unknown.stderr).toContain("unknown command 'serve'")
    expect((await runCommand(['api', '--processes', 'many'])).exitCode).toBe(2)
    expect((await runCommand(['dlq', 'replay'], environment)).exitCode).toBe(2)
    for (const word of ['replay', 'show']) {
      const strange = await runCommand(['dlq', word, 'no-id'], { POSTGRES_WRITE_PORT: '1' })
      expect(strange).toMatchObject({
        exitCode: 2,
        stderr: 'sms-gateway: not a message id: no-id\n',
      })
    }
    expect((await runCommand([])).exitCode).toBe(2)
  })
})

describe('configuration', () => {
  test('every fault is listed at once, with exit code 2, and no secret is shown', async () => {
    const faulty = {
      POSTGRES_WRITE_PORT: 'x',
      REDIS_PASSWORD: 'se\ncret',
      PROVIDER_PRIMARY_WEIGHT: '-1',
      QUEUE_NMAE: 'x',
    }
    const several = await runCommand(['standalone'], { PROCESSES: '2' })
    expect(several).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('PROCESSES') })
    for (const command of [['processor'], ['config', 'check']]) {
      const result = await runCommand(command, faulty)
      expect(result.exitCode).toBe(2)
      for (const name of Object.keys(faulty)) expect(result.stderr).toContain(name)
      expect(result.stderr).not.toContain('cret"')
    }
  })

  test('a processor without a provider does not start', async () => {
    const result = await runCommand(['processor'], {})
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('PROVIDER_PRIMARY_URL')
  })

  test('what is seldom meant is said, and is no fault', async () => {
    const checked = await runCommand(['config', 'check'], environment)
    expect(checked).toMatchObject({ exitCode: 0, stdout: 'the configuration is valid\n' })
    expect(checked.stderr).toContain(
      'warning: the provider primary has no secret (PROVIDER_PRIMARY_SECRET',
    )
    const secret = { PROVIDER_PRIMARY_SECRET: 'hush' }
    const quiet = await runCommand(['config', 'check'], { ...environment, ...secret })
    expect(quiet.stderr).toBe('')
    const api = await startRole('api', environment)
    expect(await api.stop()).toBe(0)
    expect(api.logs()).toContain('has no secret (PROVIDER_PRIMARY_SECRET')
  })

  test('print shows what is in force, and of secrets only that they are set', async () => {
    const printed = await runCommand(['config', 'print'], {
      ...environment,
      REDIS_PASSWORD: 'hush',
    })
    expect(printed.exitCode).toBe(0)
    expect(printed.stdout).toContain('LOG_LEVEL=warn\n')
    expect(printed.stdout).toContain('REDIS_PASSWORD=***')
    expect(printed.stdout).not.toContain('hush')
    expect(printed.stderr).toBe('')
    const unready = await runCommand(['config', 'print'])
    expect(unready).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('processor has a fault and does not start'),
    })
    const standalone = await runCommand(['config', 'print', '--for', 'standalone'])
    expect(standalone.stdout).toContain('APP_ADDR=127.0.0.1:8080  # default\n')
  })
})

describe('migrations', () => {
  test('pending ones keep roles from starting, with exit code 3; migrate applies them, once', async () => {
    const fresh = await createTestDatabase(undefined, { migrate: false })
    const settings = { ...environment, ...fresh.environment }
    try {
      for (const role of ['api', 'processor']) {
        const refused = await runCommand([role], settings)
        expect(refused.exitCode).toBe(3)
        expect(refused.stderr).toContain('sms-gateway migrate')
      }
      expect(await runCommand(['migrate', '--status'], settings)).toMatchObject({
        exitCode: 3,
        stdout: expect.stringContaining('pending  0001_messages'),
      })
      const dry = await runCommand(['migrate', '--dry-run'], settings)
      expect(dry.stdout).toContain('CREATE TABLE messages')
      const both = await Promise.all([
        runCommand(['migrate'], settings),
        runCommand(['migrate'], settings),
      ])
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
      expect((await runCommand(['migrate'], settings)).stdout).toContain('nothing to do')
      expect((await runCommand(['migrate', '--status'], settings)).exitCode).toBe(0)
      await fresh.sql`UPDATE schema_migrations SET checksum = 'other'`
      expect((await runCommand(['migrate'], settings)).stderr).toContain("differ from this build's")
    } finally {
      await fresh.drop()
    }
  })
})

describe('starting', () => {
  test('a port in use is named, with exit code 1', async () => {
    const server: Server = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const result = await runCommand(['api'], { ...environment, APP_ADDR: `127.0.0.1:${port}` })
    server.close()
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain(`127.0.0.1:${port} is in use`)
    expect(result.stderr).toContain('APP_ADDR')
  })

  test('a server that refuses is not waited for by a command, and a role says so', async () => {
    const refused = { ...environment, POSTGRES_DB: 'no_such_database', START_TIMEOUT_MS: '600000' }
    for (const command of [
      ['dlq', 'list'],
      ['providers', 'list'],
    ]) {
      const result = await runCommand(command, refused)
      expect(result.exitCode).toBe(1)
      expect(result.stderr).toContain('refuses the connection: database "no_such_database"')
    }
    for (const command of ['api', 'migrate']) {
      const role = await runCommand([command], { ...refused, START_TIMEOUT_MS: '100' })
      expect(role.exitCode).toBe(1)
      expect(role.stderr).toContain('refuses the connection')
    }
    const redis = await startRedis()
    const client = new Redis(redis.port)
    await client.config('SET', 'requirepass', 'right')
    client.disconnect()
    const wrong = { REDIS_HOST: redis.hostPort, REDIS_PASSWORD: 'wrong', START_TIMEOUT_MS: '100' }
    const processor = await runCommand(['processor'], { ...environment, ...wrong })
    await redis.remove()
    expect(processor.exitCode).toBe(1)
    expect(processor.stderr).toContain(
      `Redis at ${redis.hostPort} refuses the connection: WRONGPASS`,
    )
    const nowhere = { ...environment, POSTGRES_WRITE_PORT: String(await freePort()) }
    const unanswered = await runCommand(['dlq', 'list'], nowhere)
    expect(unanswered.exitCode).toBe(1)
    expect(unanswered.stderr).toContain('is asked through its API')
  })

  test('two operators do not share a port', async () => {
    const first = await startRole('operator', {})
    const address = first.url.slice('http://'.length)
    const second = await runCommand(['operator'], { OPERATOR_ADDR: address })
    expect(second.exitCode).toBe(1)
    expect(second.stderr).toContain(`operator: ${address} is in use`)
    expect(await first.stop()).toBe(0)
  })

  test('standalone says which port is taken, without a stack, before it makes a database', async () => {
    const operator = await startRole('operator', {})
    const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-port-'))
    const dataDir = join(directory, 'data')
    const result = await runCommand(['standalone'], {
      APP_ADDR: '127.0.0.1:0',
      PUBLIC_URL: 'http://127.0.0.1',
      OPERATOR_ADDR: operator.url.slice('http://'.length),
      DATA_DIR: dataDir,
    })
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toMatch(/^sms-gateway: operator: \S+ is in use by another process.*\n$/)
    expect(existsSync(dataDir)).toBe(false)
    rmSync(directory, { recursive: true })
    expect(await operator.stop()).toBe(0)
  })

  test('servers that are not there are waited for, with a message, and then named', async () => {
    const nowhere = String(await freePort())
    const noPostgres = await runCommand(['api'], { ...environment, POSTGRES_WRITE_PORT: nowhere })
    expect(noPostgres.exitCode).toBe(1)
    expect(noPostgres.stderr).toContain(`waiting for PostgreSQL at 127.0.0.1:${nowhere}`)
    expect(noPostgres.stderr).toContain('did not answer within 1500 ms')
    const noRedis = await runCommand(['processor'], {
      ...environment,
      REDIS_HOST: `127.0.0.1:${nowhere}`,
    })
    expect(noRedis.exitCode).toBe(1)
    expect(noRedis.stderr).toContain(`Redis at 127.0.0.1:${nowhere}`)
  })

  test('healthcheck tells whether the API is ready; --role is another way to say it', async () => {
    const port = await freePort()
    const settings = { ...environment, APP_ADDR: `127.0.0.1:${port}` }
    expect((await runCommand(['healthcheck'], settings)).exitCode).toBe(1)
    const api = spawnRole('--role=api', settings)
    await eventually(async () => (await runCommand(['healthcheck'], settings)).exitCode === 0, {
      what: 'healthcheck succeeds',
    })
    expect(await api.stop()).toBe(0)
  })
})

describe('several processes', () => {
  test('share one port, give their metrics as one, and are started again when they end', async () => {
    const metricsAddress = `127.0.0.1:${await freePort()}`
    const own = { METRICS_ADDR: metricsAddress, DRAIN_DELAY_MS: '500' }
    const api = await startRole('api', { ...environment, ...own }, ['--processes', '2'])
    const isReady = async () => (await fetch(`http://${metricsAddress}/health/ready`)).ok
    try {
      await eventually(isReady, { what: 'both are ready' })
      for (let count = 0; count < 20; count++) await submitOne(api.url)
      const total = () =>
        metric(`http://${metricsAddress}`, 'sms_accepted_total', { lane: 'normal' })
      expect(await total()).toBe(20)
      expect(await metric(api.url, 'sms_accepted_total', { lane: 'normal' })).toBe(20)

      const children = Bun.spawnSync(['pgrep', '-P', String(api.pid)])
        .stdout.toString()
        .trim()
        .split('\n')
      expect(children).toHaveLength(2)
      process.kill(Number(children[0]), 'SIGKILL')
      await eventually(async () => !(await isReady()), { what: 'one is missing' })
      await eventually(isReady, { what: 'it is back' })
      expect(await submitOne(api.url)).toBeString()
      // An API is ready without Redis: the new one may still be connecting.
      const up = () => metric(`http://${metricsAddress}`, 'sms_redis_up')
      await eventually(async () => (await up()) === 1, { what: 'all are connected to Redis' })
    } finally {
      const stopped = api.stop()
      await eventually(async () => !(await isReady()), { what: 'it says that it is stopping' })
      expect(await stopped).toBe(0)
    }
  })
})
