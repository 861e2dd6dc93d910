/** Accepting: one statement, one commit for a whole batch of messages. */
import type { Sql } from 'postgres'
import type { NewMessage } from '../domain/message.ts'
import { clockAheadMsMax, insertDelayMsMax } from '../domain/message-id.ts'
import { plainArray, textArray } from './array-literal.ts'
import { databaseErrorKind } from './database-errors.ts'
import { createPartitions } from './partitions.ts'
import { defineStatement } from './statement.ts'

/** By this beginning of its name the sweep finds an INSERT that is still running. */
export const insertStatementName = 'messages.insert'

/** Recovery looks at a row whose id is not of this moment after this time. */
const strayDueMs = 30_000

/**
 * An INSERT with a SELECT that has the columns of `messageColumns`, and `traceparent`. A message for later has its time as `due_at`, at which the
 * promoter puts it into the queue; one with an end of its own has that, at which it expires.
 *
 * @param validity an expression of milliseconds, for messages that say nothing of their validity
 * @param isCharged with the columns `price` and `return_rule` too
 */
export function insertSelect(validity: string, isCharged = false): string {
  return `INSERT INTO messages (id, customer_id, lane, recipient, sender_id, body, status, expires_at, due_at, traceparent${isCharged ? ', price, return_rule' : ''})
   SELECT id, customer_id, lane, recipient, sender_id, body,
     CASE WHEN schedule_at > now() THEN 'scheduled' ELSE 'queued' END::message_status,
     coalesce(expires_at, greatest(schedule_at, now()) + coalesce(valid_ms, ${validity}::bigint) * interval '1 ms'),
     CASE WHEN schedule_at IS NOT NULL THEN greatest(schedule_at, now())
          WHEN expires_at IS NOT NULL OR valid_ms IS NOT NULL
            THEN coalesce(expires_at, now() + valid_ms * interval '1 ms')
          WHEN id < (SELECT uuid_v7_floor(now() - ${insertDelayMsMax} * interval '1 ms'))
            OR id > (SELECT uuid_v7_floor(now() + ${clockAheadMsMax} * interval '1 ms'))
            OR id <= (SELECT watermark FROM sweep_watermarks ORDER BY watermark DESC LIMIT 1)
       THEN now() + ${strayDueMs} * interval '1 ms' END, traceparent${isCharged ? ', price, return_rule' : ''}`
}

export const messageColumns =
  'id, customer_id, lane, recipient, sender_id, body, schedule_at, expires_at, valid_ms'

/** Of the first parameters. */
export const messageArrays =
  '$1::uuid[], $2::bigint[], $3::lane[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::bigint[]'

/** The first parameters: arrays of these columns. */
export function messageParameters(messages: readonly NewMessage[]): string[] {
  return [
    plainArray(messages.map((message) => message.id)),
    plainArray(messages.map((message) => message.customerId)),
    plainArray(messages.map((message) => message.lane)),
    textArray(messages.map((message) => message.recipient)),
    textArray(messages.map((message) => message.senderId)),
    textArray(messages.map((message) => message.text)),
    plainArray(messages.map(({ timing }) => timeText(timing?.scheduleAtMs))),
    plainArray(messages.map(({ timing }) => timeText(timing?.expiresAtMs))),
    plainArray(messages.map(({ timing }) => timing?.validForMs ?? 'NULL')),
  ]
}

/** Arrays of `price` and `return_rule`, for statements that are charged. */
export function chargeParameters(messages: readonly NewMessage[]): string[] {
  return [
    plainArray(messages.map(({ charge }) => charge?.price ?? 'NULL')),
    textArray(messages.map(({ charge }) => charge?.returnRule ?? null)),
  ]
}

/** An array of `traceparent`: an empty one where nothing is traced, which `unnest` fills up with NULL. */
export function traceParameter(messages: readonly NewMessage[]): string {
  return messages.some(({ traceparent }) => traceparent !== undefined)
    ? textArray(messages.map(({ traceparent }) => traceparent ?? null))
    : '{}'
}

function timeText(timeMs: number | null | undefined): string {
  return timeMs === null || timeMs === undefined ? 'NULL' : `"${new Date(timeMs).toISOString()}"`
}

const insertStatement = defineStatement<{ id: string }>(
  insertStatementName,
  `${insertSelect('$10')} FROM unnest(${messageArrays}, $11::text[]) AS new (${messageColumns}, traceparent)`,
)

/**
 * Commits the messages as `queued`; all of them or, when it throws, none.
 * A day without a partition gets one. A row whose id is not of this moment is recovery's from the start: it comes late, or
 * whoever made the id has a wrong clock, and the sweep may have passed it or be far from it; or the clock of PostgreSQL was
 * put back behind the sweep.
 *
 * @param validityMs how long they may wait to be sent before they are `expired`
 */
export async function insertMessages(
  sql: Sql,
  messages: readonly NewMessage[],
  validityMs: number,
): Promise<void> {
  const parameters = [...messageParameters(messages), validityMs, traceParameter(messages)]
  await withPartition(sql, () => insertStatement(sql, parameters))
}

/** Does it once more when the day had no partition, which it then has. */
export async function withPartition<T>(sql: Sql, insert: () => Promise<T>): Promise<T> {
  try {
    return await insert()
  } catch (error) {
    if (databaseErrorKind(error) !== 'partition_missing') throw error
    await createPartitions(sql, 1)
    return await insert()
  }
}
