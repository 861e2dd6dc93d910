/**
 * Sessions whose client vanished in the middle of a statement, as a machine does that loses its power: PostgreSQL would keep
 * them, with the locks of their rows, until TCP gives up, by default after two hours. The time limit of a statement does not
 * end a wait for the client.
 */
import type { Sql } from 'postgres'
import { applicationNamePrefix } from './database.ts'
import { defineStatement } from './statement.ts'

const endStatement = defineStatement<{ ended: number }>(
  'sessions.end_abandoned',
  `SELECT count(*)::int AS ended FROM (
     SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user AND application_name LIKE '${applicationNamePrefix}%'
       AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - $1::bigint * interval '1 ms'
     OFFSET 0
   ) AS abandoned`,
)

/**
 * Ends the gateway's own sessions, of the same user, that have waited for the rest of a statement for so long; answers how many.
 *
 * @param waitedMs far more than a client that lives takes between two messages of a statement
 */
export async function endAbandonedSessions(sql: Sql, waitedMs: number): Promise<number> {
  const [row] = await endStatement(sql, [waitedMs])
  return row?.ended ?? 0
}
