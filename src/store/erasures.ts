/**
 * Erasure by number: the messages of a number, whatever their customers have set. An erasure goes through all that is kept, again
 * and again until nothing of the number is left, and then forgets the number itself.
 */
import type { Sql } from 'postgres'
import type { MessageId } from '../domain/message.ts'
import { erasureStepMax } from '../domain/redaction.ts'
import { defineStatement } from './statement.ts'

export interface Erasure {
  readonly id: string
  /** Null: of all customers. */
  readonly customerId: number | null
  readonly phoneMasked: string
  readonly requestedAt: Date
  /** Messages that were not final when they were last looked at. */
  readonly pending: number
  readonly redacted: number
  readonly canceled: number
  /** Null while it is at work. */
  readonly finishedAt: Date | null
}

interface ErasureRow {
  [column: string]: unknown
  id: string
  customer_id: string | null
  phone_masked: string
  requested_at: Date
  pending: number
  redacted: number
  canceled: number
  finished_at: Date | null
}

const columns =
  'id, customer_id, phone_masked, requested_at, pending, redacted, canceled, finished_at'

/** Erasures at work; more are refused. */
export const erasuresMax = 10_000
/** Of one customer, so that none takes all places. */
export const erasuresOfCustomerMax = 100

const requestStatement = defineStatement<ErasureRow>(
  'erasures.request',
  `INSERT INTO erasures (id, customer_id, phone, phone_masked)
   SELECT $1::uuid, $2::bigint, $3::text, $4::text
   WHERE (SELECT count(*) FROM erasures WHERE visit_at IS NOT NULL) < ${erasuresMax}
     AND ($2::bigint IS NULL
       OR (SELECT count(*) FROM erasures WHERE visit_at IS NOT NULL AND customer_id = $2::bigint) < ${erasuresOfCustomerMax})
   RETURNING ${columns}`,
)

/** Null when too many are at work, of all or of the customer. */
export async function requestErasure(
  sql: Sql,
  erasure: Pick<Erasure, 'id' | 'customerId' | 'phoneMasked'> & { readonly phone: string },
): Promise<Erasure | null> {
  const { id, customerId, phone, phoneMasked } = erasure
  const [row] = await requestStatement(sql, [id, customerId, phone, phoneMasked])
  return row === undefined ? null : toErasure(row)
}

const getStatement = defineStatement<ErasureRow>(
  'erasures.get',
  `SELECT ${columns} FROM erasures
   WHERE id = $1::uuid AND ($2::bigint IS NULL OR customer_id = $2::bigint)`,
)

/** @param customerId null: whosever it is; another customer's is none */
export async function getErasure(
  sql: Sql,
  id: string,
  customerId: number | null,
): Promise<Erasure | null> {
  const [row] = await getStatement(sql, [id, customerId])
  return row === undefined ? null : toErasure(row)
}

/** An erasure whose turn it is. */
export interface ErasureAtWork {
  readonly id: string
  readonly customerId: number | null
  readonly phone: string
  readonly requestedAtMs: number
  /** Up to where this walk has come; null at its beginning. */
  readonly position: string | null
}

/** Who takes one and dies is replaced after this time. */
const leaseMs = 15_000

const takeStatement = defineStatement<{
  id: string
  customer_id: string | null
  phone: string
  requested_ms: number
  position: string | null
}>(
  'erasures.take',
  `UPDATE erasures SET visit_at = now() + ${leaseMs} * interval '1 ms'
   WHERE id = (SELECT id FROM erasures WHERE visit_at <= now()
               ORDER BY visit_at LIMIT 1 FOR UPDATE SKIP LOCKED)
   RETURNING id, customer_id, phone, position, (extract(epoch FROM requested_at) * 1000)::float8 AS requested_ms`,
)

/** Takes the one that waits longest, if any: nobody else gets it until `moveErasure`, or until this process must be dead. */
export async function takeErasure(sql: Sql): Promise<ErasureAtWork | null> {
  const [row] = await takeStatement(sql, [])
  if (row === undefined) return null
  const { id, customer_id, phone, position, requested_ms: requestedAtMs } = row
  const customerId = customer_id === null ? null : Number(customer_id)
  return { id, customerId, phone, requestedAtMs, position }
}

/** A message of a number. */
export interface MessageToErase {
  readonly id: MessageId
  readonly isFinal: boolean
  readonly isCancelable: boolean
  readonly text: string | null
}

/** All of the span first, and then the oldest: with a limit the planner might read the span by its ids, and not by the number. */
const findStatement = defineStatement<{
  id: string
  is_final: boolean
  is_cancelable: boolean
  text: string | null
}>(
  'messages.of_number',
  `WITH found AS MATERIALIZED (
     SELECT id, status, in_doubt_provider, redaction, body FROM messages
     WHERE recipient = $1::text AND id >= $2::uuid AND id < $3::uuid
       AND ($4::bigint IS NULL OR customer_id = $4::bigint)
   )
   SELECT id, status NOT IN ('scheduled', 'queued', 'sending', 'sent') AS is_final,
     status IN ('scheduled', 'queued') AND in_doubt_provider IS NULL AS is_cancelable,
     CASE WHEN NOT coalesce(redaction ? 'text_at', false) THEN body END AS text
   FROM found ORDER BY id LIMIT ${erasureStepMax}`,
)

/** Messages to a number with ids from `from` to below `to`; the oldest, when there are more than `erasureStepMax`. */
export async function findMessagesOf(
  sql: Sql,
  { phone, customerId }: Pick<ErasureAtWork, 'phone' | 'customerId'>,
  from: string,
  to: string,
): Promise<MessageToErase[]> {
  const rows = await findStatement(sql, [phone, from, to, customerId])
  return rows.map((row) => ({
    id: row.id,
    isFinal: row.is_final,
    isCancelable: row.is_cancelable,
    text: row.text,
  }))
}

const eraseInboundStatement = defineStatement<{ erased: number }>(
  'inbound.erase',
  `WITH erased AS (
     DELETE FROM inbound_messages WHERE id = ANY(ARRAY(
       SELECT id FROM inbound_messages
       WHERE sender = $1::text AND id < $2::uuid AND ($3::bigint IS NULL OR customer_id = $3::bigint)
       LIMIT ${erasureStepMax} FOR UPDATE SKIP LOCKED))
     RETURNING 1
   )
   SELECT count(*)::int AS erased FROM erased`,
)

/** Removes what the number has sent, with ids below `to`; at most `erasureStepMax`. Answers how many. */
export async function eraseInbound(
  sql: Sql,
  { phone, customerId }: Pick<ErasureAtWork, 'phone' | 'customerId'>,
  to: string,
): Promise<number> {
  return (await eraseInboundStatement(sql, [phone, to, customerId]))[0]?.erased ?? 0
}

/** What a step of an erasure came to. */
export interface ErasureStep {
  /** Null: the walk is over. */
  readonly position: string | null
  readonly pending: number
  readonly redacted: number
  readonly canceled: number
}

const moveStatement = defineStatement<{ is_finished: boolean }>(
  'erasures.move',
  `UPDATE erasures SET
     redacted = redacted + $4::int, canceled = canceled + $5::int,
     pending = CASE WHEN position IS NULL THEN 0 ELSE pending END + $3::int,
     position = $2::uuid,
     phone = CASE WHEN done.yes THEN NULL ELSE phone END,
     finished_at = CASE WHEN done.yes THEN now() END,
     visit_at = CASE WHEN done.yes THEN NULL WHEN $2::uuid IS NOT NULL THEN now()
       ELSE now() + least(interval '10 minutes', greatest(interval '2 s', (now() - requested_at) / 10)) END
   FROM (SELECT $2::uuid IS NULL AND $3::int + CASE WHEN position IS NULL THEN 0 ELSE pending END = 0 AS yes
         FROM erasures WHERE id = $1::uuid) AS done
   WHERE id = $1::uuid AND visit_at IS NOT NULL AND position IS NOT DISTINCT FROM $6::uuid
   RETURNING finished_at IS NOT NULL AS is_finished`,
)

/**
 * Writes down how far it has come. A walk that met only what is redacted now ends the erasure, which forgets the number; after
 * another there is a next one, later the longer it takes: ten minutes at most. Nothing when somebody else has moved it meanwhile.
 * Answers whether it is finished.
 */
export async function moveErasure(
  sql: Sql,
  { id, position: from }: Pick<ErasureAtWork, 'id' | 'position'>,
  step: ErasureStep,
): Promise<boolean> {
  const { position, pending, redacted, canceled } = step
  const rows = await moveStatement(sql, [id, position, pending, redacted, canceled, from])
  return rows[0]?.is_finished ?? false
}

/** For so long it is told what became of an erasure. */
export const erasureKeptDays = 90

const forgetStatement = defineStatement<{ removed: number }>(
  'erasures.forget',
  `WITH removed AS (
     DELETE FROM erasures WHERE id = ANY(ARRAY(
       SELECT id FROM erasures WHERE finished_at < now() - interval '${erasureKeptDays} days' LIMIT 1000))
     RETURNING 1
   )
   SELECT count(*)::int AS removed FROM removed`,
)

/** Forgets finished erasures that are old; at most a thousand. Answers how many. */
export async function forgetErasures(sql: Sql): Promise<number> {
  return (await forgetStatement(sql, []))[0]?.removed ?? 0
}

function toErasure(row: ErasureRow): Erasure {
  return {
    id: row.id,
    customerId: row.customer_id === null ? null : Number(row.customer_id),
    phoneMasked: row.phone_masked,
    requestedAt: row.requested_at,
    pending: row.pending,
    redacted: row.redacted,
    canceled: row.canceled,
    finishedAt: row.finished_at,
  }
}
