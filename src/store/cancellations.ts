/** Taking back messages that nobody has yet. */
import type { Sql } from 'postgres'
import type { MessageId } from '../domain/message.ts'
import type { MessageState } from '../domain/message-state.ts'
import { returnColumns, returnsOf } from './returns.ts'
import { defineStatement } from './statement.ts'
import { announceMessages } from './webhook-events.ts'

/**
 * Only what waits and no provider may hold: a message that is claimed, or in doubt, may be sent. The row's lock decides between
 * this and a claim.
 */
const cancelStatement = defineStatement<{ id: string }>(
  'messages.cancel',
  `WITH canceled AS (
     UPDATE messages m SET status = 'canceled', final_at = now(), due_at = NULL
     WHERE id = $1::uuid AND ($2::bigint IS NULL OR customer_id = $2::bigint)
       AND status IN ('scheduled', 'queued') AND in_doubt_provider IS NULL
     RETURNING m.id, m.status, m.recipient, m.provider, m.traceparent, ${returnColumns()}
   ), ${returnsOf('canceled')}, ${announceMessages(
     `SELECT id, customer_id, recipient, 'canceled' AS status, provider, NULL AS error_code, now() AS occurred_at, traceparent
      FROM canceled`,
   )}
   INSERT INTO delivery_reports (message_id, occurred_at, status, detail)
   SELECT id, now(), 'canceled', 'canceled before it was sent' FROM canceled
   RETURNING message_id AS id`,
)

const stateStatement = defineStatement<{ status: MessageState }>(
  'messages.state',
  `SELECT status FROM messages
   WHERE id = $1::uuid AND ($2::bigint IS NULL OR customer_id = $2::bigint)`,
)

/** It may have come back into the queue between the two statements. */
const looksMax = 2

/**
 * The state that it is in then: `canceled`, or the one in which it is too late. Null when there is no such message.
 *
 * @param customerId null: whosever it is
 */
export async function cancelMessage(
  sql: Sql,
  id: MessageId,
  customerId: number | null,
): Promise<MessageState | null> {
  let status: MessageState | null = null
  for (let look = 1; look <= looksMax; look++) {
    const rows = await cancelStatement(sql, [id, customerId])
    if (rows.length > 0) return 'canceled'
    const [found] = await stateStatement(sql, [id, customerId])
    status = found?.status ?? null
    if (status !== 'queued') break
  }
  return status
}
