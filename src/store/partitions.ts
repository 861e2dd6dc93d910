/**
 * Daily partitions of `messages`, `provider_references` and `delivery_reports`: made ahead of time, dropped when retention is over.
 */
import type { Sql } from 'postgres'
import { answerOf } from './pool.ts'
import { defineStatement } from './statement.ts'

/** While a DROP waits for its lock, every statement on the table waits behind it. */
const lockTimeoutMs = 200

const createStatement = defineStatement(
  'partitions.create',
  `SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date + ahead)
   FROM generate_series(-1, $1::int) AS ahead`,
)

const overdueStatement = defineStatement<{ name: string; day: string }>(
  'partitions.overdue',
  `SELECT child.relname AS name, right(child.relname, 8) AS day
   FROM pg_inherits
   JOIN pg_class child ON child.oid = inhrelid
   WHERE inhparent IN ('messages'::regclass, 'provider_references'::regclass, 'delivery_reports'::regclass)
     AND right(child.relname, 8) < to_char((now() AT TIME ZONE 'UTC')::date - $1::int, 'YYYYMMDD')
   ORDER BY 2, 1`,
)

/** Makes the partitions from yesterday to `daysAhead` days from now, where they are missing. */
export async function createPartitions(sql: Sql, daysAhead: number): Promise<void> {
  await createStatement(sql, [daysAhead])
}

export interface PartitionsDropped {
  /** Names of the tables. */
  readonly dropped: readonly string[]
  /** What kept other days from being dropped; the next round tries again. */
  readonly failures: readonly unknown[]
}

/**
 * Drops the partitions of whole days that are more than `retentionDays` ago, and the dead letters of those days; by the clock
 * of PostgreSQL, because a process whose own is wrong would drop what cannot be brought back. All tables of a day go together,
 * so that no message is without its reports; a day gives up at once when it would have to wait for a lock.
 */
export async function dropPartitions(sql: Sql, retentionDays: number): Promise<PartitionsDropped> {
  const overdue = await overdueStatement(sql, [retentionDays])
  const days = Map.groupBy(overdue, (partition) => partition.day)
  const dropped: string[] = []
  const failures: unknown[] = []
  for (const [name, partitions] of days) {
    const tables = partitions.map((partition) => partition.name)
    try {
      const dropping = sql.begin(async (transaction) => {
        await transaction.unsafe(`SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`)
        await transaction`DELETE FROM dead_letters WHERE message_id < uuid_v7_floor((to_date(${name}, 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC')`
        await transaction`DROP TABLE ${transaction(tables)}`
      })
      await answerOf(sql, dropping)
      dropped.push(...tables)
    } catch (error) {
      failures.push(error)
    }
  }
  return { dropped, failures }
}
