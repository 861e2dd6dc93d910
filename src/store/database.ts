/**
 * Connections to PostgreSQL: one pool that writes (and reads what must be fresh), one that reads from the replica.
 */
import type { Socket } from 'node:net'
import postgres, { type Sql } from 'postgres'
import { answerOf, createPool, type Pool, type ServerAddress } from './pool.ts'
import { askWhetherWritable } from './read-only-server.ts'

/** By this the sessions of the gateway are known among others. */
export const applicationNamePrefix = 'sms-gateway'

export interface DatabaseOptions {
  readonly write: ServerAddress
  /** Equal to `write` when there is no replica. */
  readonly read: ServerAddress
  readonly user: string
  readonly password: string | null
  readonly database: string
  readonly tls: 'disable' | 'require' | 'verify-full'
  readonly poolWriteMax: number
  readonly poolReadMax: number
  readonly statementTimeoutMs: number
  /** Shown in pg_stat_activity; begins with `applicationNamePrefix`. */
  readonly applicationName: string
  /** The embedded server is one session for all: no settings per connection, no second pool. */
  readonly embedded: boolean
}

export interface Database {
  /** For the next statement: not to be kept, see `pool.ts`. */
  readonly write: Sql
  /** Reads on the replica, where there is one. */
  readonly read: Sql
  /** Reads on the primary. */
  readonly readPrimary: Sql
  readonly hasReplica: boolean
  /** Resolves when the primary answers and takes writes. */
  ping(): Promise<void>
  /** Waits for running statements, at most `timeoutMs`, then closes all connections. */
  close(timeoutMs: number): Promise<void>
}

const connectTimeoutSeconds = 5
/** A statement that the server stops is answered this long after its time limit, or the server is not there. */
const answerMarginMs = 1_000

/**
 * Plans for the write pool. Its statements reach rows by key only, in batches given as arrays whose size the planner cannot
 * know; on a partition that was empty when the plan was made it would choose to read the whole table, and keep that plan
 * while the table grows. So the statements are written to have one good plan at any size (`= ANY` over an index, then a hash
 * join with the batch), and the planner is kept from the others. See docs/decisions/0003-keyed-plans.md.
 */
const keyedPlans = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_nestloop: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
} as const

/** Connects lazily: the first statement of a pool opens its first connection. */
export function createDatabase(options: DatabaseOptions): Database {
  const shared = {
    user: options.user,
    database: options.database,
    ...(options.password === null ? {} : { password: options.password }),
    ssl: tlsOption(options.tls),
    connect_timeout: connectTimeoutSeconds,
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 1) * (0.5 + Math.random() / 2),
    fetch_types: false,
    max_lifetime: null,
    onnotice: () => undefined,
  }
  const session = {
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
  }
  const pool = (
    server: ServerAddress,
    max: number,
    settings: object,
    onReadOnly: () => void = () => undefined,
  ): Pool =>
    createPool({
      onReadOnly,
      server,
      answerMsMax: options.embedded ? null : options.statementTimeoutMs + answerMarginMs,
      createSql: (openSocket) =>
        postgres({
          ...shared,
          ...socketOf(openSocket),
          max,
          connection: options.embedded
            ? { application_name: options.applicationName }
            : { ...session, ...settings },
        }),
    })

  /** Where the primary should be is a standby: what reads there beside it reads the past. */
  function leaveReadOnlyServer(): void {
    write.renew()
    readPrimary.renew()
  }

  const write = pool(options.write, options.poolWriteMax, keyedPlans, leaveReadOnlyServer)
  const sameServer =
    options.read.host === options.write.host && options.read.port === options.write.port
  // A pool of its own even on the same server: slow listings must not hold a connection of the write path.
  const reading = { default_transaction_read_only: 'on' }
  const readPrimary = options.embedded ? write : pool(options.write, options.poolReadMax, reading)
  const read = sameServer ? readPrimary : pool(options.read, options.poolReadMax, reading)

  return {
    get write() {
      return write.sql
    },
    get read() {
      return read.sql
    },
    get readPrimary() {
      return readPrimary.sql
    },
    hasReplica: !sameServer,
    async ping() {
      await answerOf(write.sql, askWhetherWritable(write.sql))
    },
    async close(timeoutMs) {
      const pools = new Set([write, readPrimary, read])
      await Promise.all([...pools].map((each) => each.close(timeoutMs)))
    },
  }
}

/** An option of the driver that its types lack. */
function socketOf(openSocket: () => Socket): object {
  return { socket: openSocket }
}

function tlsOption(tls: DatabaseOptions['tls']): false | 'require' | 'verify-full' {
  return tls === 'disable' ? false : tls
}

/** For the embedded server, whose one session ignores what a connection asks for at its start. */
export async function applyKeyedPlans(sql: Sql): Promise<void> {
  for (const [name, value] of Object.entries(keyedPlans)) {
    await sql.unsafe(`SET ${name} = '${value}'`)
  }
}
