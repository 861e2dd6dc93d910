/** The database as a role's service: pools, store, replica measurement, and the check that migrations are done. */
import type { Config } from '../config/config.ts'
import { planMigrations } from '../migrate/migrate.ts'
import { migrations } from '../migrate/migration-list.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import { applicationNamePrefix, createDatabase, type Database } from '../store/database.ts'
import { createMigrationStore } from '../store/migrations.ts'
import type { ServerAddress } from '../store/pool.ts'
import { createReplicaLag } from '../store/replica-lag.ts'
import { createStore, type Store } from '../store/store.ts'
import { createStoreMetrics } from './store-metrics.ts'

export interface OpenStore {
  readonly store: Store
  readonly database: Database
  /** Measures the replica; closes the pools when stopped. */
  readonly service: Service
}

const lagIntervalMs = 250
const closeMsMax = 5_000

export function databaseFor(
  config: Config,
  role: string,
  embedded: EmbeddedAddress | null = null,
): Database {
  const { postgres } = config
  const shared = {
    tls: postgres.tls,
    poolReadMax: postgres.poolReadMax,
    statementTimeoutMs: postgres.statementTimeoutMs,
    applicationName: `${applicationNamePrefix} ${role}`,
  }
  if (embedded !== null) {
    const address = { host: embedded.socketPath, port: 5432 }
    return createDatabase({
      ...shared,
      write: address,
      read: address,
      user: embedded.user,
      password: null,
      database: embedded.database,
      poolWriteMax: 4,
      embedded: true,
    })
  }
  const { write, read } = postgres
  if (write === null || read === null) throw new Error('no PostgreSQL is configured')
  return createDatabase({
    ...shared,
    write,
    read,
    user: postgres.user,
    password: postgres.password,
    database: postgres.database,
    poolWriteMax: postgres.poolWriteMax,
    embedded: false,
  })
}

/** What the embedded server tells of itself. */
export interface EmbeddedAddress {
  readonly socketPath: string
  readonly user: string
  readonly database: string
}

export function openStore(
  database: Database,
  config: Config,
  registry: Registry,
  logger: Logger,
): OpenStore {
  const replicaLag = createReplicaLag(database, config.postgres.readLagMsMax, systemClock)
  const metrics = createStoreMetrics(registry)
  const store = createStore({
    database,
    replicaLag,
    onRead: metrics.countRead,
    onReported: metrics.countReported,
    onGivenUp(reports) {
      metrics.countGivenUp(reports)
      for (const report of reports) logger.warn({ event: 'report.given_up', ...report })
    },
  })
  const measuring = createPeriodic({
    name: 'replica lag',
    intervalMs: lagIntervalMs,
    run: async () => {
      await replicaLag.measure()
      metrics.setReplicaLag(replicaLag.lagMs)
      return undefined
    },
    onError: () => undefined,
  })
  return {
    store,
    database,
    service: {
      name: 'database',
      start: async () => {
        if (database.hasReplica) await measuring.start()
      },
      stop: async () => {
        await measuring.stop()
        await database.close(closeMsMax)
      },
    },
  }
}

/** For messages; never with the password. */
export function serverName({ host, port }: ServerAddress): string {
  return host.startsWith('/') ? 'the embedded PostgreSQL' : `PostgreSQL at ${host}:${port}`
}

/** A sentence when the database is not what this build needs, or null. */
export async function migrationsFault(database: Database): Promise<string | null> {
  const plan = await planMigrations(createMigrationStore(database.write), migrations)
  if (plan.changed.length > 0) {
    const names = plan.changed.map(({ name }) => name).join(', ')
    return `applied migrations differ from this build's (${names}): this database belongs to another build`
  }
  if (plan.pending.length === 0) return null
  return `${plan.pending.length} migration(s) are pending: run "sms-gateway migrate" first`
}
