/** The record of applied migrations, and applying one. Each runs in a transaction of its own, together with its record. */
import type { Sql } from 'postgres'
import { answerOf } from './pool.ts'

export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

export interface MigrationSource {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly sql: string
}

export interface MigrationStore {
  /** In the order of their versions; none when the database is new. Changes nothing. */
  applied(): Promise<AppliedMigration[]>
  /** @throws what the server says of the migration; nothing of it remains then */
  apply(migration: MigrationSource): Promise<void>
}

/** Two `migrate` at once take turns. */
const lockKey = 7_236_140_291

export function createMigrationStore(sql: Sql): MigrationStore {
  return {
    async applied() {
      const [table] = await answerOf(
        sql,
        sql<{ present: boolean }[]>`
        SELECT to_regclass('schema_migrations') IS NOT NULL AS present`,
      )
      if (table?.present !== true) return []
      const rows = await answerOf(
        sql,
        sql<
          { version: number; name: string; checksum: string; applied_at: Date }[]
        >`SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version`,
      )
      return rows.map((row) => ({
        version: row.version,
        name: row.name,
        checksum: row.checksum,
        appliedAt: row.applied_at,
      }))
    },

    async apply(migration) {
      await sql.begin(async (transaction) => {
        await transaction`SELECT pg_advisory_xact_lock(${lockKey})`
        // A migration may take its time; the lock it waits for may not.
        await transaction.unsafe(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s'`)
        await transaction.unsafe(`
          CREATE TABLE IF NOT EXISTS schema_migrations (
            version    integer     PRIMARY KEY,
            name       text        NOT NULL,
            checksum   text        NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
          )`)
        const present = await transaction`
          SELECT FROM schema_migrations WHERE version = ${migration.version}`
        if (present.length > 0) return
        await transaction.unsafe(migration.sql)
        await transaction`
          INSERT INTO schema_migrations (version, name, checksum)
          VALUES (${migration.version}, ${migration.name}, ${migration.checksum})`
      })
    },
  }
}
