/** Dead letters: messages that never left, with the reason, and their replay. */
import type { Sql } from 'postgres'
import type { Lane, MessageId } from '../domain/message.ts'
import { messageIdRange } from '../domain/message-id.ts'
import { plainArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export interface DeadLetter {
  readonly messageId: MessageId
  readonly lane: Lane
  readonly attempts: number
  readonly provider: string | null
  readonly errorCode: string
  readonly detail: string
  readonly deadAt: Date
  readonly replayedAt: Date | null
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
  replayed_at: Date | null
}

const columns = 'message_id, lane, attempts, provider, error_code, detail, dead_at, replayed_at'

const listStatement = defineStatement<DeadLetterRow>(
  'dead_letters.list',
  `SELECT ${columns} FROM dead_letters
   WHERE message_id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
     AND ($2::boolean OR replayed_at IS NULL)
   ORDER BY message_id DESC LIMIT $3::int`,
)

/** Newest first; those already replayed only when `includeReplayed`. */
export async function listDeadLetters(
  sql: Sql,
  before: MessageId | null,
  includeReplayed: boolean,
  limit: number,
): Promise<DeadLetter[]> {
  const rows = await listStatement(sql, [before, String(includeReplayed), limit])
  return rows.map(toDeadLetter)
}

const getStatement = defineStatement<DeadLetterRow>(
  'dead_letters.get',
  `SELECT ${columns} FROM dead_letters WHERE message_id = $1::uuid`,
)

export async function getDeadLetter(sql: Sql, id: MessageId): Promise<DeadLetter | null> {
  const rows = await getStatement(sql, [id])
  return rows[0] === undefined ? null : toDeadLetter(rows[0])
}

const countStatement = defineStatement<{ count: number }>(
  'dead_letters.count',
  'SELECT count(*)::int AS count FROM dead_letters WHERE replayed_at IS NULL',
)

/** How many wait for somebody to look at them. */
export async function countDeadLetters(sql: Sql): Promise<number> {
  const rows = await countStatement(sql, [])
  return rows[0]?.count ?? 0
}

const replayStatement = defineStatement<{ id: string }>(
  'dead_letters.replay',
  `WITH moved AS (
     UPDATE messages
     SET status = 'queued', attempts = 0, due_at = now(), enqueued_at = NULL, final_at = NULL,
         expires_at = now() + $2::bigint * interval '1 ms'
     WHERE id = ANY($1::uuid[]) AND id BETWEEN $3::uuid AND $4::uuid AND status = 'failed'
     RETURNING id
   )
   UPDATE dead_letters SET replayed_at = now()
   FROM moved WHERE message_id = moved.id
   RETURNING message_id AS id`,
)

/**
 * Sends dead letters again, with a new validity period and a full count of attempts; a processor picks them up.
 * Answers the ids that were replayed: those that are dead letters and have not been replayed since they died.
 */
export async function replayDeadLetters(
  sql: Sql,
  ids: readonly MessageId[],
  validityMs: number,
): Promise<MessageId[]> {
  const { min, max } = messageIdRange(ids)
  const rows = await replayStatement(sql, [plainArray(ids), validityMs, min, max])
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
  }
}
