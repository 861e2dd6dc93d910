/**
 * A real PostgreSQL whose `now()` and `pg_stat_activity` are the simulation's: a schema that stands before the system's own
 * in the search path has both, so every statement of the product runs as it is written.
 */
import postgres, { type Sql } from 'postgres'
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
  /** An INSERT that began at a virtual moment shows as running, until it is told to have ended. */
  insertRuns(sinceMs: number): Promise<() => Promise<void>>
  /** As after the migrations. */
  empty(): Promise<void>
  close(): Promise<void>
}

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
  const sql = postgres({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: made.name,
    max: 1,
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
  })
  await sql.unsafe(`
    CREATE SCHEMA simulated;
    CREATE FUNCTION simulated.now() RETURNS timestamptz LANGUAGE sql STABLE AS
      $$ SELECT current_setting('simulated.now')::timestamptz $$;
    CREATE TABLE simulated.pg_stat_activity (
      id bigint GENERATED ALWAYS AS IDENTITY, datname name, state text, query text, xact_start timestamptz);
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
    async insertRuns(sinceMs) {
      const [row] = await sql<{ id: string }[]>`
        INSERT INTO simulated.pg_stat_activity (datname, state, query, xact_start)
        VALUES (current_database(), 'active', '/* messages.insert */ INSERT', ${iso(sinceMs)}::timestamptz)
        RETURNING id`
      return async () => {
        await sql`DELETE FROM simulated.pg_stat_activity WHERE id = ${row?.id ?? 0}`
      }
    },
    async empty() {
      await sql.unsafe(`TRUNCATE ${tables.join(', ')}, simulated.pg_stat_activity`)
      await sql.unsafe(
        `UPDATE sweep_watermarks SET watermark = '00000000-0000-0000-0000-000000000000'`,
      )
    },
    async close() {
      await sql.end({ timeout: 1 })
      await made.drop()
      await server.remove()
    },
  }
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString()
