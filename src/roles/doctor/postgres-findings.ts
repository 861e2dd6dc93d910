/** What the doctor says of PostgreSQL: whether it answers, and whether the gateway can work with it. */
import type { Config } from '../../config/config.ts'
import { planMigrations } from '../../migrate/migrate.ts'
import { migrations } from '../../migrate/migration-list.ts'
import { systemClock } from '../../runtime/clock.ts'
import { withDeadline } from '../../runtime/deadline.ts'
import { pause } from '../../runtime/notifier.ts'
import type { Database } from '../../store/database.ts'
import { createMigrationStore } from '../../store/migrations.ts'
import { createReplicaLag } from '../../store/replica-lag.ts'
import { isStandby, rightsOf, serverSettings, serverTimeMs } from '../../store/server-survey.ts'
import { databaseFor } from '../open-store.ts'
import {
  clockFinding,
  codeOf,
  type Finding,
  type Findings,
  findingsOf,
  messageOf,
} from './finding.ts'

const answerMsMax = 6_000
const closeMsMax = 1_000
const oldestVersion = 15

const never = new AbortController().signal

/** None where no PostgreSQL is configured: `standalone` brings its own. */
export async function postgresFindings(config: Config): Promise<Finding[]> {
  const { write, read } = config.postgres
  if (write === null || read === null) return []
  const primary = findingsOf('PostgreSQL')
  const database = databaseFor(config, 'doctor')
  try {
    const found = await primaryFindings(primary, database, config)
    const isAnswering = found.some(({ verdict }) => verdict === 'ok')
    if (!database.hasReplica || !isAnswering) return found
    return [...found, ...(await replicaFindings(findingsOf('replica'), database, config))]
  } finally {
    await database.close(closeMsMax)
  }
}

async function primaryFindings(
  about: Findings,
  database: Database,
  config: Config,
): Promise<Finding[]> {
  const { write, user } = config.postgres
  const server = `${write?.host}:${write?.port}`
  try {
    await withDeadline('PostgreSQL', answerMsMax, database.ping())
  } catch (error) {
    return [
      about.fault(`${server} cannot be used: ${messageOf(error)}`, connectRemedy(error, config)),
    ]
  }
  const { version, connectionsMax, unsafe } = await serverSettings(database.write)
  const answered = about.ok(`${server} answers and takes writes, version ${version}`)
  const found = [Number.parseInt(version, 10) < oldestVersion ? tooOld(about, version) : answered]
  found.push(await clockFinding(about, () => serverTimeMs(database.write)))
  const needed = 2 * (config.postgres.poolWriteMax + config.postgres.poolReadMax)
  if (connectionsMax < needed) {
    found.push(
      about.warning(
        `it allows ${connectionsMax} connections; an api and a processor may take ${needed}`,
        'raise max_connections, or lower POSTGRES_POOL_WRITE_MAX and POSTGRES_POOL_READ_MAX',
      ),
    )
  }
  for (const name of unsafe) {
    found.push(
      about.fault(
        `${name} is off: a message that was accepted may be lost when the server crashes`,
        `set ${name} = on in postgresql.conf and reload it`,
      ),
    )
  }
  const rights = await rightsFinding(about, database, user)
  found.push(rights)
  if (rights.verdict === 'ok') found.push(await migrationFinding(about, database, user))
  return found
}

function tooOld({ fault }: Findings, version: string): Finding {
  return fault(`its version is ${version}`, `use PostgreSQL ${oldestVersion} or later`)
}

function connectRemedy(error: unknown, { postgres }: Config): string {
  const { user, database } = postgres
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'start PostgreSQL there, or correct POSTGRES_WRITE_HOST and POSTGRES_WRITE_PORT'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'correct POSTGRES_WRITE_HOST: no address is known for that name'
    case '28P01':
    case '28000':
      return `correct POSTGRES_USER and POSTGRES_PASSWORD, or let ${user} in by pg_hba.conf`
    case '3D000':
      return `create it: createdb -O ${user} ${database}; or correct POSTGRES_DB`
    case '53300':
      return 'raise max_connections, or run fewer processes with smaller pools'
    case '57P03':
      return 'wait until it has started, or has recovered'
    case '25006':
      return 'point POSTGRES_WRITE_HOST at the primary, or promote this server'
    case '42501':
    case '55000':
      return `let ${user} connect to ${database}: GRANT CONNECT ON DATABASE`
    default:
      return 'look at the way there (address, firewall, POSTGRES_TLS) and into the log of PostgreSQL'
  }
}

async function rightsFinding({ ok, fault }: Findings, { write }: Database, user: string) {
  const { schema, mayCreate, foreignTables } = await rightsOf(write)
  if (!mayCreate) {
    return fault(
      `the user ${user} may not create tables in the schema ${schema}`,
      `GRANT CREATE ON SCHEMA ${schema} TO ${user}; each day has tables of its own`,
    )
  }
  if (foreignTables.length > 0) {
    return fault(
      `the user ${user} does not own the tables: ${foreignTables.join(', ')}`,
      `use the user that ran "sms-gateway migrate", or give them over: REASSIGN OWNED BY … TO ${user}`,
    )
  }
  return ok(`the user ${user} may create, change and drop the tables`)
}

async function migrationFinding(
  { ok, fault }: Findings,
  { write }: Database,
  user: string,
): Promise<Finding> {
  const { applied, pending, changed } = await planMigrations(
    createMigrationStore(write),
    migrations,
  )
  if (changed.length > 0) {
    const names = changed.map(({ name }) => name).join(', ')
    return fault(
      `its migrations are not this build’s: ${names}`,
      'run the build that made them, or restore the database that belongs to this one',
    )
  }
  if (pending.length > 0) {
    return fault(
      `${pending.length} of ${applied.length + pending.length} migrations are pending`,
      `run "sms-gateway migrate", as ${user}`,
    )
  }
  return ok(`all ${applied.length} migrations are applied`)
}

/** So long the replica may take to show that it follows. */
const followMsMax = 3_000
const followPollMs = 100

async function replicaFindings(
  { ok, warning, fault }: Findings,
  database: Database,
  { postgres }: Config,
): Promise<Finding[]> {
  const { read, readLagMsMax } = postgres
  const server = `${read?.host}:${read?.port}`
  try {
    if (!(await withDeadline('the replica', answerMsMax, isStandby(database.read)))) {
      return [
        warning(
          `${server} is no standby: what is read there may never have been on the primary`,
          'point POSTGRES_READ_HOST at a standby of the primary, or leave it unset',
        ),
      ]
    }
  } catch (error) {
    return [
      fault(
        `${server} cannot be used: ${messageOf(error)}`,
        'start it, correct POSTGRES_READ_HOST and POSTGRES_READ_PORT, or leave them unset; reads go to the primary meanwhile',
      ),
    ]
  }
  const lag = createReplicaLag(database, readLagMsMax, systemClock)
  const untilMs = systemClock.monotonicMs() + followMsMax
  do {
    await lag.measure()
    if (lag.usable) return [ok(`${server} follows the primary, ${lag.lagMs ?? 0} ms behind`)]
    await pause(followPollMs, never)
  } while (systemClock.monotonicMs() < untilMs)
  return [
    warning(
      `${server} is more than POSTGRES_READ_LAG_MS_MAX (${readLagMsMax} ms) behind: reads go to the primary`,
      'look at pg_stat_replication on the primary, and whether replay is paused on the replica',
    ),
  ]
}
