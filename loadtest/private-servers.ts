/** Servers of our own for one load test: PostgreSQL and Redis with durable settings, and the compiled roles. */
import { join } from 'node:path'
import { freePort } from '../tests/support/free-port.ts'
import {
  type Environment,
  type LongRunningRole,
  type RunningRole,
  startRole,
} from '../tests/support/gateway.ts'
import { type PostgresServer, startPostgres } from '../tests/support/postgres-server.ts'
import { type RedisServer, startRedis } from '../tests/support/redis-server.ts'
import { createTestDatabase, type TestDatabase } from '../tests/support/test-database.ts'
import { CannotRunError, runTool } from './tool-process.ts'

const root = join(import.meta.dir, '..')
const binaryVariable = 'SMS_GATEWAY_BINARY'

export interface PrivateServers {
  readonly apiUrl: string
  readonly operatorUrl: string
  /** What the roles have logged: warnings and worse. */
  logs(): string
}

/** What the roles stand on, and starting them there; none runs yet. */
export interface Backends {
  readonly postgres: PostgresServer
  readonly redis: RedisServer
  readonly database: TestDatabase
  readonly apiUrl: string
  readonly operatorUrl: string
  /** Starts a role of the compiled binary. */
  start(role: LongRunningRole, extra?: Environment): Promise<RunningRole>
  /** What the roles have logged: warnings and worse. */
  logs(): string
}

/**
 * Starts them all. What has to be undone is pushed to `cleanups` as soon as it is started, so that an interruption leaves
 * nothing behind. The binary is built, unless SMS_GATEWAY_BINARY names one.
 */
export async function startPrivateServers(
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<PrivateServers> {
  const backends = await startBackends(cleanups, signal)
  for (const role of ['operator', 'api', 'processor'] as const) await backends.start(role)
  return backends
}

/** PostgreSQL, migrated, and Redis. For `cleanups` see `startPrivateServers`. */
export async function startBackends(
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<Backends> {
  await ensureBinary(signal)
  const postgres = await startPostgres()
  cleanups.push(() => postgres.remove())
  signal.throwIfAborted()
  const redis = await startRedis()
  cleanups.push(() => redis.remove())
  signal.throwIfAborted()
  const database = await createTestDatabase(postgres)
  cleanups.push(() => database.sql.end({ timeout: 1 }))
  const apiAddress = `127.0.0.1:${await freePort()}`
  const operatorAddress = `127.0.0.1:${await freePort()}`
  const apiUrl = `http://${apiAddress}`
  const operatorUrl = `http://${operatorAddress}`
  const environment: Environment = {
    ...database.environment,
    ...providers(operatorUrl),
    REDIS_HOST: redis.hostPort,
    APP_ADDR: apiAddress,
    OPERATOR_ADDR: operatorAddress,
    PUBLIC_URL: apiUrl,
    LOG_LEVEL: 'warn',
  }
  const roles: RunningRole[] = []
  return {
    postgres,
    redis,
    database,
    apiUrl,
    operatorUrl,
    async start(role, extra = {}) {
      signal.throwIfAborted()
      const running = await startRole(role, { ...environment, ...extra })
      cleanups.push(() => running.stop())
      roles.push(running)
      return running
    },
    logs: () => roles.map((role) => role.logs()).join(''),
  }
}

function providers(operatorUrl: string): Environment {
  const settings: Record<string, string> = {}
  for (const name of ['primary', 'secondary', 'backup']) {
    const prefix = `PROVIDER_${name.toUpperCase()}`
    settings[`${prefix}_URL`] = `${operatorUrl}/${name}`
    settings[`${prefix}_SECRET`] = crypto.randomUUID()
  }
  return settings
}

export async function ensureBinary(signal: AbortSignal): Promise<void> {
  if (process.env[binaryVariable] !== undefined) return
  const command = [process.execPath, join(root, 'scripts/build.ts')]
  const { exitCode } = await runTool(command, { signal, show: false })
  if (exitCode !== 0) throw new CannotRunError('the build failed')
  process.env[binaryVariable] = join(root, 'dist', 'sms-gateway')
}
