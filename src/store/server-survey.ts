/** What a PostgreSQL server tells of itself, and what this user may do there: for whoever looks why something does not work. */
import type { Sql } from 'postgres'

export interface ServerSettings {
  readonly version: string
  readonly connectionsMax: number
  /** Those settings that are off and without which a commit may be lost when the server crashes. */
  readonly unsafe: readonly string[]
}

export async function serverSettings(sql: Sql): Promise<ServerSettings> {
  const [row] = await sql<
    { version: string; connections: number; fsync: string; synchronous_commit: string }[]
  >`
    SELECT current_setting('server_version') AS version, current_setting('max_connections')::int AS connections,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit`
  if (row === undefined) throw new Error('PostgreSQL does not tell its settings')
  const { version, connections: connectionsMax, fsync, synchronous_commit } = row
  const unsafe = Object.entries({ fsync, synchronous_commit })
  return {
    version,
    connectionsMax,
    unsafe: unsafe.filter(([, value]) => value === 'off').map(([name]) => name),
  }
}

/** Milliseconds since the epoch. */
export async function serverTimeMs(sql: Sql): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`
  return row?.ms ?? Number.NaN
}

/** A server that follows another one. */
export async function isStandby(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ is_standby: boolean }[]>`SELECT pg_is_in_recovery() AS is_standby`
  return row?.is_standby === true
}

export interface Rights {
  readonly schema: string
  readonly mayCreate: boolean
  /** Tables of the gateway that the user does not own, of some that stand for all. */
  readonly foreignTables: readonly string[]
}

/** What the daily tables need: making them takes a right to the schema, taking them away takes the ownership. */
export async function rightsOf(sql: Sql): Promise<Rights> {
  const [row] = await sql<{ schema: string | null; may_create: boolean; foreign: string }[]>`
    SELECT current_schema() AS schema,
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
      array_to_string(ARRAY(
        SELECT relname FROM pg_class
        WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p')
          AND relname IN ('schema_migrations', 'messages', 'customers', 'api_keys')
          AND NOT pg_has_role(relowner, 'USAGE')
        ORDER BY relname), ',') AS foreign`
  return {
    schema: row?.schema ?? 'public',
    mayCreate: row?.may_create === true,
    foreignTables: (row?.foreign ?? '').split(',').filter((name) => name !== ''),
  }
}
