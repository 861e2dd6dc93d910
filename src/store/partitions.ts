/**
 * Daily partitions of `messages`, `provider_references` and `delivery_reports`: made ahead of time, dropped when retention is over.
 */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'

const createStatement = defineStatement(
  'partitions.create',
  `SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date + ahead)
   FROM generate_series(-1, $1::int) AS ahead`,
)

const listStatement = defineStatement<{ name: string; day: string }>(
  'partitions.list',
  `SELECT child.relname AS name, right(child.relname, 8) AS day
   FROM pg_inherits
   JOIN pg_class child ON child.oid = inhrelid
   WHERE inhparent IN ('messages'::regclass, 'provider_references'::regclass, 'delivery_reports'::regclass)
   ORDER BY 2, 1`,
)

/** Makes the partitions from yesterday to `daysAhead` days from now, where they are missing. */
export async function createPartitions(sql: Sql, daysAhead: number): Promise<void> {
  await createStatement(sql, [daysAhead])
}

/**
 * Drops the partitions of whole days more than `retentionDays` days old; answers their names.
 * Each is dropped alone and gives up at once when it would have to wait for a lock: the next round tries again.
 */
export async function dropPartitionsBefore(sql: Sql, day: Date): Promise<string[]> {
  const limit = day.toISOString().slice(0, 10).replaceAll('-', '')
  const dropped: string[] = []
  for (const partition of await listStatement(sql, [])) {
    if (partition.day >= limit) continue
    await sql.begin(async (transaction) => {
      await transaction.unsafe(`SET LOCAL lock_timeout = '200ms'`)
      await transaction`DROP TABLE ${transaction(partition.name)}`
    })
    dropped.push(partition.name)
  }
  return dropped
}
