/** Who wants no messages of a customer, or none of one of its senders. */
import type { Sql } from 'postgres'
import { type Lane, lanes, type MessageId } from '../domain/message.ts'
import { plainArray, textArray } from './array-literal.ts'
import { answerOf } from './pool.ts'
import { defineStatement } from './statement.ts'

export type OptOutSource = 'inbound' | 'api' | 'import'

export interface OptOutKey {
  readonly phone: string
  /** Null: all of the customer's senders. */
  readonly senderId: string | null
}

export interface OptOut extends OptOutKey {
  /** Where a listing goes on. */
  readonly position: number
  readonly customerId: number
  readonly source: OptOutSource
  readonly since: Date
}

interface OptOutRow {
  [column: string]: unknown
  id: string
  customer_id: string
  recipient: string
  sender: string
  source: OptOutSource
  since: Date
}

const columns = 'id, customer_id, recipient, sender, source, since'

const addStatement = defineStatement<{ added: number }>(
  'opt_outs.add',
  `WITH added AS (
     INSERT INTO opt_outs (customer_id, recipient, sender, source)
     SELECT DISTINCT $1::bigint, recipient, sender, $4::text
     FROM unnest($2::text[], $3::text[]) AS given (recipient, sender) ORDER BY recipient, sender
     ON CONFLICT (customer_id, recipient, sender) DO NOTHING RETURNING 1
   )
   SELECT count(*)::int AS added FROM added`,
)

/** All of them or none; answers how many are new. */
export async function addOptOuts(
  sql: Sql,
  customerId: number,
  optOuts: readonly OptOutKey[],
  source: OptOutSource,
): Promise<number> {
  const phones = textArray(optOuts.map(({ phone }) => phone))
  const senders = textArray(optOuts.map(({ senderId }) => senderId ?? ''))
  const [row] = await addStatement(sql, [customerId, phones, senders, source])
  return row?.added ?? 0
}

const removeStatement = defineStatement<{ id: string }>(
  'opt_outs.remove',
  `DELETE FROM opt_outs WHERE customer_id = $1::bigint AND recipient = $2::text AND sender = $3::text
   RETURNING id`,
)

/** False when there was none. */
export async function removeOptOut(
  sql: Sql,
  customerId: number,
  { phone, senderId }: OptOutKey,
): Promise<boolean> {
  return (await removeStatement(sql, [customerId, phone, senderId ?? ''])).length > 0
}

/**
 * In the order in which they came, those after `after`.
 *
 * @param customerId null: of any customer
 */
export async function listOptOuts(
  sql: Sql,
  customerId: number | null,
  phone: string | null,
  after: number,
  limit: number,
): Promise<OptOut[]> {
  const rows = await answerOf(
    sql,
    sql<OptOutRow[]>`
    /* opt_outs.list */ SELECT ${sql.unsafe(columns)} FROM opt_outs WHERE id > ${after}
    ${customerId === null ? sql`` : sql`AND customer_id = ${customerId}`}
    ${phone === null ? sql`` : sql`AND recipient = ${phone}`}
    ORDER BY id LIMIT ${limit}`,
  )
  return rows.map((row) => ({
    position: Number(row.id),
    customerId: Number(row.customer_id),
    phone: row.recipient,
    senderId: row.sender === '' ? null : row.sender,
    source: row.source,
    since: row.since,
  }))
}

const customersStatement = defineStatement<{ id: string }>(
  'opt_outs.customers',
  `SELECT asked.id FROM unnest($1::bigint[]) AS asked (id)
   CROSS JOIN LATERAL (SELECT FROM opt_outs WHERE customer_id = asked.id LIMIT 1) AS known`,
)

/** Of these customers, those that have any. */
export async function customersWithOptOuts(
  sql: Sql,
  customerIds: readonly number[],
): Promise<Map<number, true>> {
  const rows = await customersStatement(sql, [plainArray(customerIds)])
  return new Map(rows.map(({ id }) => [Number(id), true]))
}

/** A message that may be sent or not. */
export interface OptOutQuestion {
  readonly customerId: number
  readonly recipient: string
  /** Null: the provider chooses the sender. */
  readonly senderId: string | null
}

const findStatement = defineStatement<{ place: number }>(
  'opt_outs.find',
  `SELECT asked.place FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[])
     AS asked (place, customer_id, recipient, sender)
   CROSS JOIN LATERAL (
     SELECT FROM opt_outs o
     WHERE o.customer_id = asked.customer_id AND o.recipient = asked.recipient
       AND (o.sender = '' OR asked.sender IS NULL OR o.sender = asked.sender) LIMIT 1) AS known`,
)

/** Whether each has been opted out of. A sender that is not known may be any. */
export async function findOptedOut(
  sql: Sql,
  questions: readonly OptOutQuestion[],
): Promise<boolean[]> {
  const rows = await findStatement(sql, [
    plainArray(questions.map((_, place) => place)),
    plainArray(questions.map(({ customerId }) => customerId)),
    textArray(questions.map(({ recipient }) => recipient)),
    textArray(questions.map(({ senderId }) => senderId)),
  ])
  const found = new Set(rows.map(({ place }) => place))
  return questions.map((_, place) => found.has(place))
}

/** Of one lane, because the index of what is due is by lane. */
function waitingIn(lane: Lane): string {
  return `SELECT m.id, m.due_at FROM messages m
   CROSS JOIN LATERAL (
     SELECT FROM opt_outs o
     WHERE o.customer_id = m.customer_id AND o.recipient = m.recipient
       AND (o.sender = '' OR m.sender_id IS NULL OR o.sender = m.sender_id) LIMIT 1) AS known
   WHERE EXISTS (SELECT FROM opt_outs) AND m.lane = '${lane}'
     AND m.due_at <= now() + $1::bigint * interval '1 ms' AND m.status IN ('scheduled', 'queued')
     AND m.in_doubt_provider IS NULL
   ORDER BY m.due_at LIMIT $2::int`
}

const waitingStatement = defineStatement<{ id: MessageId }>(
  'opt_outs.waiting_messages',
  `${lanes.map((lane) => `(${waitingIn(lane)})`).join(' UNION ALL ')} ORDER BY due_at LIMIT $2::int`,
)

/** Messages that wait for their time, which comes within `aheadMs`, to recipients who have opted out since they were accepted. */
export async function findWaitingOptedOut(
  sql: Sql,
  aheadMs: number,
  limit: number,
): Promise<MessageId[]> {
  return (await waitingStatement(sql, [aheadMs, limit])).map(({ id }) => id)
}
