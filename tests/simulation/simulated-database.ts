/**
 * A real PostgreSQL whose `now()` and `pg_stat_activity` are the simulation's: a schema that stands before the system's own
 * in the search path has both, so every statement of the product runs as it is written.
 */
import postgres, { type ReservedSql, type Sql } from 'postgres'
import { applyMigrations } from '../../src/migrate/migrate.ts'
import { migrations } from '../../src/migrate/migration-list.ts'
import { createMigrationStore } from '../../src/store/migrations.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { startMs } from './virtual-time.ts'

export interface SimulatedDatabase {
  readonly sql: Sql
  /** Runs a statement of the product at a virtual moment. */
  at<T>(nowMs: number, statement: (sql: Sql) => Promise<T>): Promise<T>
  /** An INSERT whose COMMIT waits: it has seen what was there at a virtual moment, shows as running, and ends when told to. */
  insertAndWait(nowMs: number, statement: (sql: Sql) => Promise<void>): Promise<() => Promise<void>>
  /** As after the migrations. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** More than the messages of a simulation. */
const waitingInsertsMax = 50
const tables = [
  'messages',
  'provider_references',
  'delivery_reports',
  'parked_reports',
  'dead_letters',
]

export async function startSimulatedDatabase(): Promise<SimulatedDatabase> {
  const server = await startPostgres('fsync = off\nsynchronous_commit = off\nautovacuum = off')
  const made = await createTestDatabase(server, { migrate: false })
  const connection = {
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: made.name,
    fetch_types: false,
    onnotice: () => undefined,
    connection: {
      search_path: 'simulated, pg_catalog, public',
      plan_cache_mode: 'force_generic_plan',
      enable_seqscan: 'off',
      enable_nestloop: 'off',
      enable_mergejoin: 'off',
      jit: 'off',
    },
  }
  const sql = postgres({ ...connection, max: 1 })
  const waiting = postgres({ ...connection, max: waitingInsertsMax })
  const uncommitted = new Set<ReservedSql>()
  await sql.unsafe(`
    CREATE SCHEMA simulated;
    CREATE FUNCTION simulated.now() RETURNS timestamptz LANGUAGE sql STABLE AS
      $$ SELECT current_setting('simulated.now')::timestamptz $$;
    CREATE TABLE simulated.pg_stat_activity (
      id bigint GENERATED ALWAYS AS IDENTITY, datname name, state text, query text,
      xact_start timestamptz, pid integer, usename name, application_name text, wait_event text, state_change timestamptz);
    SET simulated.now = '${iso(startMs)}';
    SET search_path = simulated, pg_catalog, public`)
  // New objects go where the first schema of the path says.
  await sql.unsafe('SET search_path = public, simulated, pg_catalog')
  await applyMigrations(createMigrationStore(sql), migrations, () => undefined)
  await sql.unsafe('SET search_path = simulated, pg_catalog, public')

  return {
    sql,
    async at(nowMs, statement) {
      // Goes out together with the statement: one connection, in order.
      const clock = sql.unsafe(`SET simulated.now = '${iso(nowMs)}'`).execute()
      const [, result] = await Promise.all([clock, statement(sql)])
      return result
    },
    async insertAndWait(nowMs, statement) {
      const [row] = await sql<{ id: string }[]>`
        INSERT INTO simulated.pg_stat_activity (datname, state, query, xact_start)
        VALUES (current_database(), 'active', '/* messages.insert */ INSERT', ${iso(nowMs)}::timestamptz)
        RETURNING id`
      // The driver forgets a reservation for which it has to connect first.
      await waiting`SELECT 1`
      const own = await waiting.reserve()
      uncommitted.add(own)
      await own.unsafe(`BEGIN; SET LOCAL simulated.now = '${iso(nowMs)}'`)
      await statement(own)
      return async () => {
        await own.unsafe('COMMIT')
        uncommitted.delete(own)
        own.release()
        await sql`DELETE FROM simulated.pg_stat_activity WHERE id = ${row?.id ?? 0}`
      }
    },
    async empty() {
      for (const own of uncommitted) {
        await own.unsafe('ROLLBACK')
        own.release()
      }
      uncommitted.clear()
      await sql.unsafe(`TRUNCATE ${tables.join(', ')}, simulated.pg_stat_activity`)
      await sql.unsafe(
        `UPDATE sweep_watermarks SET watermark = '00000000-0000-0000-0000-000000000000'`,
      )
    },
    async close() {
      await Promise.all([sql.end({ timeout: 1 }), waiting.end({ timeout: 1 })])
      await made.drop()
      await server.remove()
    },
  }
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString()
