/**
 * Finding the messages whose text or number has to go, and letting it go. A walk goes through a customer's messages in the order
 * of their ids, some way behind the newest; what it meets that is not final is written down, and looked at again. Each step may
 * be done twice, and may be broken off after any statement: the next one does the rest.
 */
import type { Sql } from 'postgres'
import type { MessageId } from '../domain/message.ts'
import { messageIdRange, messageIdTimeMs } from '../domain/message-id.ts'
import { finalStates } from '../domain/message-state.ts'
import {
  deadLetterKeptMs,
  type NewRedaction,
  type RedactionCandidate,
} from '../domain/redaction.ts'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

const finals = finalStates.map((state) => `'${state}'`).join(', ')

/** Behind the newest message: time for the statements that insert, and for the first reports. */
export const walkBehindS = 4
/** A second walk, for what was committed after the first had passed. */
export const walkAgainBehindS = 3_600

const daysOf = (customer: string, field: string): string =>
  `(${customer}.settings #>> '{privacy,redact_${field}_after_days}')::int`

const syncStatement = defineStatement<{ walks: number }>(
  'redaction_walks.sync',
  `WITH policies AS MATERIALIZED (
     SELECT c.id AS customer_id, days.days FROM customers c
     CROSS JOIN LATERAL (VALUES (${daysOf('c', 'message')}), (${daysOf('c', 'phone')})) AS days (days)
     WHERE c.settings ? 'privacy' AND days.days IS NOT NULL
   ), wanted AS MATERIALIZED (
     SELECT DISTINCT customer_id, behind.behind_s FROM policies
     CROSS JOIN LATERAL (
       SELECT CASE WHEN days = 0 THEN ${walkBehindS} ELSE days * 86400 END
       UNION ALL SELECT ${walkAgainBehindS} WHERE days = 0
     ) AS behind (behind_s)
   ), ended AS (
     DELETE FROM redaction_walks w
     WHERE NOT EXISTS (SELECT FROM wanted WHERE wanted.customer_id = w.customer_id AND wanted.behind_s = w.behind_s)
   ), begun AS (
     INSERT INTO redaction_walks (customer_id, behind_s)
     SELECT customer_id, behind_s FROM wanted ON CONFLICT DO NOTHING
   )
   SELECT count(*)::int AS walks FROM wanted`,
)

/** Begins and ends walks as the customers' settings want them; a walk that is new begins with the oldest message. Answers how many there are. */
export async function syncRedactionWalks(sql: Sql): Promise<number> {
  return (await syncStatement(sql, []))[0]?.walks ?? 0
}

interface CandidateRow {
  [column: string]: unknown
  id: string
  is_final: boolean
  is_kept: boolean
  text: string | null
  phone: string | null
  now_ms: number
  scheduled_in_ms: number
}

/** Ids below this are due; all are when it is as soon as they are final, and none are without a setting. */
const dueBelow = (field: string): string => `
  CASE WHEN ${daysOf('c', field)} = 0 THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'
       ELSE uuid_v7_floor(now() - ${daysOf('c', field)} * interval '1 day') END`

/** What is due of these customers: reckoned once, and not for each message. */
const policiesOf = (customers: string): string => `policies AS MATERIALIZED (
     SELECT c.id AS customer_id, ${dueBelow('message')} AS text_below, ${dueBelow('phone')} AS phone_below
     FROM customers c WHERE c.id = ANY(ARRAY(${customers}))
   )`

/** Of a message `m`, by the policy `p` of its customer. */
const candidateColumns = `
  m.id, m.status IN (${finals}) AS is_final,
  m.status = 'failed' AND m.final_at > now() - ${deadLetterKeptMs} * interval '1 ms' AND EXISTS (
    SELECT FROM dead_letters d WHERE d.message_id = m.id AND d.replayed_at IS NULL) AS is_kept,
  CASE WHEN m.id < p.text_below AND NOT coalesce(m.redaction ? 'text_at', false) THEN m.body END AS text,
  CASE WHEN m.id < p.phone_below AND NOT coalesce(m.redaction ? 'phone_at', false) THEN m.recipient END AS phone,
  (extract(epoch FROM now()) * 1000)::float8 AS now_ms,
  CASE WHEN m.status = 'scheduled' THEN greatest(0, extract(epoch FROM m.due_at - now()) * 1000) ELSE 0 END::float8
    AS scheduled_in_ms`

const messageColumns = 'id, customer_id, status, final_at, due_at, redaction, body, recipient'

/** Walks taken in one step, and messages read of each. */
export const walksMax = 50
export const walkMessagesMax = 400
/** A process that takes work and dies is replaced after this time. */
const leaseMs = 15_000
const walkIntervalMs = 2_000

/** Where a walk stands, and what it meets next. */
export interface RedactionWalk {
  readonly customerId: number
  readonly behindS: number
  /** Where it is after this step. */
  readonly watermark: string
  /** There is more before it catches up. */
  readonly more: boolean
  readonly candidates: readonly RedactionCandidate[]
}

const takeWalksStatement = defineStatement<
  (CandidateRow | { readonly id: null }) & {
    customer_id: string
    behind_s: number
    horizon: string
  }
>(
  'redaction_walks.take',
  `WITH taken AS MATERIALIZED (
     UPDATE redaction_walks w SET visit_at = now() + ${leaseMs} * interval '1 ms'
     FROM (SELECT customer_id, behind_s FROM redaction_walks WHERE visit_at <= now()
           ORDER BY visit_at LIMIT ${walksMax} FOR UPDATE SKIP LOCKED) AS next
     WHERE w.customer_id = next.customer_id AND w.behind_s = next.behind_s
     RETURNING w.customer_id, w.behind_s, w.watermark, uuid_v7_floor(now() - w.behind_s * interval '1 s') AS horizon
   ), ${policiesOf('SELECT customer_id FROM taken')}
   SELECT t.customer_id, t.behind_s, greatest(t.watermark::text, t.horizon::text) AS horizon, ${candidateColumns}
   FROM taken t JOIN policies p USING (customer_id)
   LEFT JOIN LATERAL (
     SELECT ${messageColumns} FROM messages
     WHERE customer_id = t.customer_id AND id > t.watermark AND id < t.horizon
     ORDER BY id LIMIT ${walkMessagesMax}
   ) AS m ON true
   ORDER BY m.id`,
)

/** Takes walks whose turn it is: nobody else gets them until `moveRedactionWalks`, or until this process must be dead. */
export async function takeRedactionWalks(sql: Sql): Promise<RedactionWalk[]> {
  const rows = await takeWalksStatement(sql, [])
  const walks = Map.groupBy(rows, (row) => `${row.customer_id} ${row.behind_s}`)
  return [...walks.values()].flatMap((found) => {
    const [first] = found
    if (first === undefined) return []
    const { customer_id, behind_s, horizon } = first
    const candidates = found.flatMap((row) => (row.id === null ? [] : [toCandidate(row)]))
    const more = candidates.length === walkMessagesMax
    const last = candidates.at(-1)
    return {
      customerId: Number(customer_id),
      behindS: behind_s,
      watermark: more && last !== undefined ? last.id : horizon,
      more,
      candidates,
    }
  })
}

const moveWalksStatement = defineStatement(
  'redaction_walks.move',
  `UPDATE redaction_walks w
   SET watermark = greatest(w.watermark::text, moved.watermark)::uuid,
       visit_at = now() + CASE WHEN moved.more = 1 THEN 0 ELSE ${walkIntervalMs} END * interval '1 ms'
   FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[]) AS moved (customer_id, behind_s, watermark, more)
   WHERE w.customer_id = moved.customer_id AND w.behind_s = moved.behind_s AND w.customer_id = ANY($1::bigint[])`,
)

/** What these walks met is redacted, or written down as waiting. */
export async function moveRedactionWalks(sql: Sql, walks: readonly RedactionWalk[]): Promise<void> {
  if (walks.length === 0) return
  await moveWalksStatement(sql, [
    plainArray(walks.map(({ customerId }) => customerId)),
    plainArray(walks.map(({ behindS }) => behindS)),
    plainArray(walks.map(({ watermark }) => watermark)),
    plainArray(walks.map(({ more }) => (more ? 1 : 0))),
  ])
}

/** Messages that wait, looked at in one step. */
export const redactionWaitsMax = 500

const takeWaitsStatement = defineStatement<{ message_id: string; candidate: CandidateRow | null }>(
  'redaction_waits.take',
  `WITH taken AS MATERIALIZED (
     UPDATE redaction_waits SET check_at = now() + ${leaseMs} * interval '1 ms'
     WHERE message_id = ANY(ARRAY(
       SELECT message_id FROM redaction_waits WHERE check_at <= now()
       ORDER BY check_at LIMIT ${redactionWaitsMax} FOR UPDATE SKIP LOCKED))
     RETURNING message_id
   ), found AS MATERIALIZED (
     SELECT ${messageColumns} FROM messages WHERE id = ANY(ARRAY(SELECT message_id FROM taken))
   ), ${policiesOf('SELECT customer_id FROM found')}, candidate AS MATERIALIZED (
     SELECT ${candidateColumns} FROM found m JOIN policies p USING (customer_id)
   )
   SELECT t.message_id, CASE WHEN candidate.id IS NOT NULL THEN to_json(candidate) END AS candidate
   FROM taken t LEFT JOIN candidate ON candidate.id = t.message_id`,
)

/** Takes messages that wait and whose turn it is, for a while; null for those that are gone. */
export async function takeRedactionWaits(
  sql: Sql,
): Promise<{ readonly id: MessageId; readonly candidate: RedactionCandidate | null }[]> {
  const rows = await takeWaitsStatement(sql, [])
  return rows.map(({ message_id, candidate }) => ({
    id: message_id,
    candidate: candidate === null ? null : toCandidate(candidate),
  }))
}

const waitStatement = defineStatement(
  'redaction_waits.keep',
  `INSERT INTO redaction_waits (message_id, check_at)
   SELECT id, now() + check_in_ms * interval '1 ms'
   FROM unnest($1::uuid[], $2::bigint[]) AS wait (id, check_in_ms) ORDER BY id
   ON CONFLICT (message_id) DO UPDATE SET check_at = excluded.check_at`,
)

/** Writes down that these are to be looked at again. */
export async function keepRedactionWaits(
  sql: Sql,
  waits: readonly { readonly id: MessageId; readonly checkInMs: number }[],
): Promise<void> {
  if (waits.length === 0) return
  await waitStatement(sql, [
    plainArray(waits.map(({ id }) => id)),
    plainArray(waits.map((wait) => Math.round(wait.checkInMs))),
  ])
}

const dropWaitsStatement = defineStatement(
  'redaction_waits.drop',
  'DELETE FROM redaction_waits WHERE message_id = ANY($1::uuid[])',
)

export async function dropRedactionWaits(sql: Sql, ids: readonly MessageId[]): Promise<void> {
  if (ids.length > 0) await dropWaitsStatement(sql, [plainArray(ids)])
}

/** Letters are locked before their messages, as by a replay. */
const redactStatement = defineStatement<{ id: string }>(
  'messages.redact',
  `WITH given AS MATERIALIZED (
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) AS given (id, encoding, segments, phone)
   ), letters AS MATERIALIZED (
     SELECT message_id FROM dead_letters WHERE message_id = ANY($1::uuid[]) ORDER BY message_id FOR UPDATE
   ), redacted AS (
     UPDATE messages m
     SET body = CASE WHEN given.encoding IS NULL THEN m.body ELSE '' END,
         recipient = coalesce(given.phone, m.recipient),
         redaction = coalesce(m.redaction, '{}')
           || CASE WHEN given.encoding IS NULL THEN '{}' ELSE
                jsonb_build_object('text_at', now(), 'encoding', given.encoding, 'segments', given.segments) END
           || CASE WHEN given.phone IS NULL THEN '{}' ELSE jsonb_build_object('phone_at', now()) END
     FROM given
     WHERE m.id = given.id AND m.id = ANY($1::uuid[]) AND m.id BETWEEN $5::uuid AND $6::uuid
       AND m.status IN (${finals}) AND (SELECT count(*) FROM letters) >= 0
       AND (given.encoding IS NULL OR NOT coalesce(m.redaction ? 'text_at', false))
       AND (given.phone IS NULL OR NOT coalesce(m.redaction ? 'phone_at', false))
     RETURNING m.id
   ), ended AS (
     DELETE FROM dead_letters WHERE message_id = ANY($1::uuid[]) AND message_id IN (SELECT id FROM redacted)
   )
   SELECT id FROM redacted`,
)

/**
 * Redacts those that are final, and ends their dead letters: there is nothing left to send. Answers which they were; the others
 * are sent again meanwhile, or are redacted already.
 */
export async function redactMessages(
  sql: Sql,
  redactions: readonly NewRedaction[],
): Promise<MessageId[]> {
  if (redactions.length === 0) return []
  const ordered = redactions.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = ordered.map(({ id }) => id)
  const { min, max } = messageIdRange(ids)
  const rows = await redactStatement(sql, [
    plainArray(ids),
    textArray(ordered.map(({ text }) => text?.encoding ?? null)),
    plainArray(ordered.map(({ text }) => text?.segments ?? 'NULL')),
    textArray(ordered.map(({ maskedPhone }) => maskedPhone)),
    min,
    max,
  ])
  return rows.map(({ id }) => id)
}

function toCandidate(row: CandidateRow): RedactionCandidate {
  return {
    id: row.id,
    isFinal: row.is_final,
    isKept: row.is_kept,
    text: row.text,
    phone: row.phone,
    ageMs: row.now_ms - messageIdTimeMs(row.id),
    scheduledInMs: row.scheduled_in_ms,
  }
}
