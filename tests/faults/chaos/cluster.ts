/** Two API processes, two processors, PostgreSQL, Redis and the mock operator, each of which can be killed and comes back. */
import { freePort } from '../../support/free-port.ts'
import { type Environment, type RunningRole, startRole } from '../../support/gateway.ts'
import { identities, quickRecovery } from '../../support/gateway-fixture.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

/** A role that is started again at the same address. */
export interface Member {
  readonly url: string
  readonly running: RunningRole
  /** A new process, when the former has ended. */
  restart(): Promise<void>
}

export interface Cluster {
  readonly database: TestDatabase
  readonly postgres: PostgresServer
  readonly redis: RedisServer
  /** The witness: it is never killed, because it knows what it took. */
  readonly operatorUrl: string
  readonly apis: readonly Member[]
  readonly processors: readonly Member[]
  /** What the roles that run now have logged. */
  logs(): string
  close(): Promise<void>
}

export type InDoubtPolicy = 'resend' | 'unknown'

export async function startCluster(
  inDoubt: InDoubtPolicy,
  extra: Environment = {},
): Promise<Cluster> {
  const cleanups: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  }
  try {
    const postgres = await startPostgres()
    cleanups.push(() => postgres.remove())
    const redis = await startRedis()
    cleanups.push(() => redis.remove())
    const database = await createTestDatabase(postgres)
    cleanups.push(() => database.drop())
    const operatorAddress = `127.0.0.1:${await freePort()}`
    const operatorUrl = `http://${operatorAddress}`
    const apiAddresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    const environment: Record<string, string> = {
      ...database.environment,
      ...quickRecovery,
      REDIS_HOST: redis.hostPort,
      OPERATOR_ADDR: operatorAddress,
      // Reports go to one API; while it is away the operator keeps trying.
      PUBLIC_URL: `http://${apiAddresses[0]}`,
      LOG_LEVEL: 'warn',
    }
    for (const identity of identities) {
      const prefix = `PROVIDER_${identity.toUpperCase()}`
      environment[`${prefix}_URL`] = `${operatorUrl}/${identity}`
      environment[`${prefix}_SECRET`] = `secret-of-${identity}`
      environment[`${prefix}_IN_DOUBT`] = inDoubt
    }
    Object.assign(environment, extra)

    async function member(role: 'api' | 'processor', changes: Environment): Promise<Member> {
      const start = () => startRole(role, { ...environment, ...changes })
      let running = await start()
      cleanups.push(() => running.kill())
      return {
        url: running.url,
        get running() {
          return running
        },
        async restart() {
          await running.exited
          running = await start()
        },
      }
    }

    const operator = await startRole('operator', environment)
    cleanups.push(() => operator.kill())
    const apis: Member[] = []
    for (const address of apiAddresses) apis.push(await member('api', { APP_ADDR: address }))
    const processors: Member[] = []
    for (let index = 0; index < 2; index++) {
      const address = `127.0.0.1:${await freePort()}`
      processors.push(await member('processor', { METRICS_ADDR: address }))
    }
    const logs = () => [...apis, ...processors].map(({ running }) => running.logs()).join('')
    return { database, postgres, redis, operatorUrl, apis, processors, logs, close }
  } catch (error) {
    await close()
    throw error
  }
}
