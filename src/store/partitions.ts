/**
 * Daily partitions of `messages`, `provider_references` and `delivery_reports`: made ahead of time, dropped when retention is over.
 */
import type { Sql } from 'postgres'
import { answerOf } from './pool.ts'
import { defineStatement } from './statement.ts'

const createStatement = defineStatement(
  'partitions.create',
  `SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date + ahead)
   FROM generate_series(-1, $1::int) AS ahead`,
)

/** Dead letters in one statement: a day may have millions. */
const forgetMax = 10_000

const forgetDeadLetters = defineStatement(
  'partitions.forget_dead_letters',
  `DELETE FROM dead_letters WHERE message_id IN (
     SELECT message_id FROM dead_letters
     WHERE message_id < (SELECT uuid_v7_floor((to_date($1, 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC'))
     ORDER BY message_id LIMIT ${forgetMax} FOR UPDATE SKIP LOCKED)
   RETURNING 1`,
)

interface OverduePartition {
  readonly name: string
  readonly parent: string
  readonly day: string
  readonly state: 'attached' | 'detaching' | 'detached'
}

/** Also those that a processor, which died or gave up, had begun to drop. */
const overdueStatement = defineStatement<OverduePartition & Record<string, unknown>>(
  'partitions.overdue',
  `SELECT child.relname AS name, parent.relname AS parent, right(child.relname, 8) AS day,
     CASE WHEN inhrelid IS NULL THEN 'detached' WHEN inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
   FROM pg_class parent
   JOIN pg_class child ON child.relkind = 'r' AND child.relnamespace = parent.relnamespace
     AND child.relname ~ ('^' || parent.relname || '_[0-9]{8}$')
   LEFT JOIN pg_inherits ON inhrelid = child.oid
   WHERE parent.oid IN ('messages'::regclass, 'provider_references'::regclass, 'delivery_reports'::regclass)
     AND right(child.relname, 8) < to_char((now() AT TIME ZONE 'UTC')::date - $1::int, 'YYYYMMDD')
   ORDER BY 3, parent.relname <> 'messages', 1`,
)

/** Makes the partitions from yesterday to `daysAhead` days from now, where they are missing. */
export async function createPartitions(sql: Sql, daysAhead: number): Promise<void> {
  await createStatement(sql, [daysAhead])
}

export interface PartitionsDropped {
  /** Names of the tables. */
  readonly dropped: readonly string[]
  /** What kept the rest of a day from being dropped; the next round tries again. */
  readonly failures: readonly unknown[]
}

/**
 * Drops the partitions of whole days that are more than `retentionDays` ago, and the dead letters of those days; by the clock
 * of PostgreSQL, because a process whose own is wrong would drop what cannot be brought back.
 *
 * The messages of a day go first, and its other tables only after them: recovery still writes reports of messages that are
 * there. Each is detached without locking out anybody, and then dropped alone. Dropped as partitions of all three tables they need
 * locks that statements take in another order: under load, that never succeeded.
 *
 * @param signal ends it after the statement under way; what is left is the next call's
 */
export async function dropPartitions(
  sql: Sql,
  retentionDays: number,
  signal: AbortSignal,
): Promise<PartitionsDropped> {
  const dropped: string[] = []
  const failures: unknown[] = []
  const days = Map.groupBy(await overdueStatement(sql, [retentionDays]), ({ day }) => day)
  for (const partitions of days.values()) {
    try {
      for (const partition of partitions) {
        if (signal.aborted) return { dropped, failures }
        if (!(await dropPartition(sql, partition, signal))) continue
        dropped.push(partition.name)
      }
    } catch (error) {
      failures.push(error)
    }
  }
  return { dropped, failures }
}

/** False when it was ended before it had dropped it. */
async function dropPartition(
  sql: Sql,
  { name, parent, day, state }: OverduePartition,
  signal: AbortSignal,
): Promise<boolean> {
  if (parent === 'messages') {
    while ((await forgetDeadLetters(sql, [day])).length === forgetMax) {
      if (signal.aborted) return false
    }
  }
  if (state !== 'detached') {
    const how = state === 'detaching' ? sql`FINALIZE` : sql`CONCURRENTLY`
    const detach = sql`ALTER TABLE ${sql(parent)} DETACH PARTITION ${sql(name)} ${how}`
    await answerOf(sql, detach.simple())
    if (signal.aborted) return false
  }
  await answerOf(sql, sql`DROP TABLE ${sql(name)}`.simple())
  return true
}
