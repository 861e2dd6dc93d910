/**
 * Dead letters: messages that never left, with the reason; their replay, and their end when nobody wants them any more. A
 * letter waits until it is replayed or purged. Both lock it first, so that of two at once only one has it.
 */
import type { Sql } from 'postgres'
import type { Lane, MessageId } from '../domain/message.ts'
import { messageIdRange } from '../domain/message-id.ts'
import type { MessageState } from '../domain/message-state.ts'
import type { AttemptFailure } from '../domain/submit-outcome.ts'
import { plainArray } from './array-literal.ts'
import { lockedAccounts, paymentOf } from './returns.ts'
import { defineStatement } from './statement.ts'

export interface DeadLetter {
  readonly messageId: MessageId
  readonly lane: Lane
  /** How many times sending was begun since it was accepted, or last replayed. */
  readonly attempts: number
  /** Of the last attempt. */
  readonly provider: string | null
  readonly errorCode: string
  readonly detail: string
  readonly deadAt: Date
  /** Null while it waits. */
  readonly replayedAt: Date | null
  readonly position: DeadLetterPosition
}

export interface DeadLetterDetails extends DeadLetter {
  /** Of the message. */
  readonly status: MessageState
  /** The newest failed submits, oldest first. */
  readonly failures: readonly AttemptFailure[]
}

/** A letter's place in listings. */
export interface DeadLetterPosition {
  /** Microseconds since the Unix epoch. */
  readonly deadAtUs: number
  readonly messageId: MessageId
}

/** All that are given must hold. Times bound the death, `from` inclusive. */
export interface DeadLetterFilter {
  readonly lane?: Lane
  readonly provider?: string
  readonly errorCode?: string
  readonly from?: Date
  readonly to?: Date
}

interface DeadLetterRow {
  [column: string]: unknown
  message_id: string
  lane: Lane
  attempts: number
  provider: string | null
  error_code: string
  detail: string
  dead_at: Date
  dead_at_us: string
  replayed_at: Date | null
}

const columns = `d.message_id, d.lane, d.attempts, d.provider, d.error_code, d.detail, d.dead_at,
  (extract(epoch FROM d.dead_at) * 1000000)::bigint AS dead_at_us, d.replayed_at`

/** Two statements, because a condition that may or may not hold would use neither index well. */
const listStatement = (name: string, waiting: string) =>
  defineStatement<DeadLetterRow>(
    name,
    `SELECT ${columns} FROM dead_letters d
     WHERE ${waiting}
       AND (dead_at, message_id) < (coalesce('epoch'::timestamptz + $1::bigint * interval '1 microsecond', 'infinity'),
                                    coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
       AND dead_at >= coalesce($3::timestamptz, '-infinity') AND dead_at < coalesce($4::timestamptz, 'infinity')
       AND ($5::lane IS NULL OR lane = $5::lane)
       AND ($6::text IS NULL OR provider = $6::text)
       AND ($7::text IS NULL OR error_code = $7::text)
     ORDER BY dead_at DESC, message_id DESC LIMIT $8::int`,
  )
const listWaitingStatement = listStatement('dead_letters.list_waiting', 'replayed_at IS NULL')
const listAllStatement = listStatement('dead_letters.list', 'true')

/**
 * The newest first, those after `position`; those that were replayed only when `replayedToo`.
 *
 * A filter that few letters pass looks at all of its time: at a million of them in 0.2 s.
 */
export async function listDeadLetters(
  sql: Sql,
  filter: DeadLetterFilter,
  replayedToo: boolean,
  position: DeadLetterPosition | null,
  limit: number,
): Promise<DeadLetter[]> {
  const statement = replayedToo ? listAllStatement : listWaitingStatement
  const rows = await statement(sql, [
    position?.deadAtUs ?? null,
    position?.messageId ?? null,
    filter.from?.toISOString() ?? null,
    filter.to?.toISOString() ?? null,
    filter.lane ?? null,
    filter.provider ?? null,
    filter.errorCode ?? null,
    limit,
  ])
  return rows.map(toDeadLetter)
}

const getStatement = defineStatement<
  DeadLetterRow & { status: MessageState; failures: AttemptFailure[] | null }
>(
  'dead_letters.get',
  `SELECT ${columns}, m.status, m.failures
   FROM dead_letters d JOIN messages m ON m.id = d.message_id
   WHERE d.message_id = $1::uuid AND m.id = $1::uuid`,
)

export async function getDeadLetter(sql: Sql, id: MessageId): Promise<DeadLetterDetails | null> {
  const [row] = await getStatement(sql, [id])
  if (row === undefined) return null
  return { ...toDeadLetter(row), status: row.status, failures: row.failures ?? [] }
}

const measureStatement = defineStatement<{ count: number; oldest_age_ms: number | null }>(
  'dead_letters.measure',
  `SELECT count(*)::int AS count, (extract(epoch FROM now() - min(dead_at)) * 1000)::float8 AS oldest_age_ms
   FROM dead_letters WHERE replayed_at IS NULL`,
)

/** How many wait, and for how long the first of them does; 0 when there is none. */
export async function measureDeadLetters(
  sql: Sql,
): Promise<{ readonly count: number; readonly oldestAgeMs: number }> {
  const [row] = await measureStatement(sql, [])
  return { count: row?.count ?? 0, oldestAgeMs: row?.oldest_age_ms ?? 0 }
}

const replayStatement = defineStatement<{ id: string }>(
  'dead_letters.replay',
  `WITH waiting AS MATERIALIZED (
     SELECT message_id FROM dead_letters
     WHERE message_id = ANY($1::uuid[]) AND replayed_at IS NULL
     ORDER BY message_id FOR UPDATE
   ), moved AS MATERIALIZED (
     UPDATE messages
     SET status = 'queued', attempts = 0, due_at = now(), enqueued_at = NULL, final_at = NULL,
         expires_at = now() + $2::bigint * interval '1 ms'
     WHERE id = ANY(ARRAY(SELECT message_id FROM waiting)) AND id BETWEEN $3::uuid AND $4::uuid
       AND status = 'failed' AND redaction IS NULL AND id >= (SELECT uuid_v7_floor(now() - $5::bigint * interval '1 ms'))
     RETURNING id, customer_id, price, return_rule
   ), charges AS MATERIALIZED (
     SELECT customer_id, sum(price)::bigint AS amount, count(*)::int AS messages FROM moved
     WHERE price IS NOT NULL AND return_rule <> 'never' GROUP BY customer_id
   ), payers AS MATERIALIZED (
     ${lockedAccounts('charges')}
   ), ${paymentOf('charges JOIN payers USING (customer_id)')}
   UPDATE dead_letters SET replayed_at = now()
   FROM moved WHERE message_id = moved.id AND message_id = ANY($1::uuid[])
   RETURNING message_id AS id`,
)

/**
 * Sends dead letters again, with a new validity period and a full count of attempts; a processor picks them up.
 * Answers the ids that were replayed: those of letters that waited. What was returned to accounts is charged again, also where that
 * takes them below their credit: it was accepted.
 *
 * @param ageMsMax a message accepted longer ago would be dropped, its day over, before it is final again: it is not replayed
 */
export async function replayDeadLetters(
  sql: Sql,
  ids: readonly MessageId[],
  validityMs: number,
  ageMsMax: number,
): Promise<MessageId[]> {
  const { min, max } = messageIdRange(ids)
  const rows = await replayStatement(sql, [plainArray(ids), validityMs, min, max, ageMsMax])
  return rows.map((row) => row.id)
}

const purgeStatement = defineStatement<{ id: string }>(
  'dead_letters.purge',
  `WITH waiting AS MATERIALIZED (
     SELECT message_id FROM dead_letters
     WHERE message_id = ANY($1::uuid[]) AND replayed_at IS NULL
     ORDER BY message_id FOR UPDATE
   )
   DELETE FROM dead_letters WHERE message_id = ANY(ARRAY(SELECT message_id FROM waiting))
   RETURNING message_id AS id`,
)

/**
 * Forgets dead letters; their messages stay `failed`, with their failures and reports. Answers the ids that were purged: those
 * of letters that waited.
 */
export async function purgeDeadLetters(sql: Sql, ids: readonly MessageId[]): Promise<MessageId[]> {
  const rows = await purgeStatement(sql, [plainArray(ids)])
  return rows.map((row) => row.id)
}

function toDeadLetter(row: DeadLetterRow): DeadLetter {
  return {
    messageId: row.message_id,
    lane: row.lane,
    attempts: row.attempts,
    provider: row.provider,
    errorCode: row.error_code,
    detail: row.detail,
    deadAt: row.dead_at,
    replayedAt: row.replayed_at,
    position: { deadAtUs: Number(row.dead_at_us), messageId: row.message_id },
  }
}
