/**
 * Taking in what people send to our numbers. Whole messages are stored at once. The parts of a long one are gathered in one row, which
 * every process that has a part of it writes to in turn; who puts in the last one stores the message, in the same commit.
 */
import type { Sql } from 'postgres'
import {
  type InboundItem,
  inboundRepeatMs,
  inboundRepeatWithoutIdMs,
  partsRepeatMs,
  partsRepeatWithIdMs,
} from '../domain/inbound-message.ts'
import { foldText } from '../domain/inbound-words.ts'
import type { MessageId } from '../domain/message.ts'
import { plainArray, textArray } from './array-literal.ts'
import {
  type EmittedMessage,
  emission,
  emittedColumn,
  joinedParts,
  missingParts,
} from './inbound-emission.ts'
import { defineStatement } from './statement.ts'

export interface InboundTaken {
  /** Items that had not come before. */
  readonly fresh: number
  readonly emitted: readonly EmittedMessage[]
}

interface EmissionRow {
  [column: string]: unknown
  emitted: EmittedMessage[] | null
}
type IntakeRow = EmissionRow & { fresh: number }

const groupKey = 'provider, sender, recipient, reference, total'
const merged =
  'CASE WHEN known.done_at IS NULL THEN excluded.parts || known.parts ELSE excluded.parts END'
const whenWhole = (parts: string, total: string): string =>
  `CASE WHEN (SELECT count(*) FROM jsonb_object_keys(${parts})) = ${total} THEN now() END`
/** Of the receipt of a part without an id that has become a message of its own; its numbers are another's. */
const otherKey = `CASE WHEN total IS NOT NULL AND provider_message_id IS NULL THEN 'other ' || encode(sha256(convert_to(
       jsonb_build_array(sender, recipient, reference, total, number, body)::text, 'UTF8')), 'hex') END`

/**
 * Keys in order, so that two statements with the same keys wait for each other and not both ways. A part that is not the one that is
 * gathered under its numbers, which happens when a sender's references come round too soon, becomes a message of its own; with a new
 * id where that message is whole now, which may have the part's.
 * Without an id it is known by a receipt of its own, inserted after all the parts.
 *
 * Parts with ids that have not come before soon begin another message even where all of them are in one that is whole: many texts begin
 * with the same words, and references come round. Without an id nothing else tells a repetition.
 */
const takeStatement = defineStatement<IntakeRow>(
  'inbound.take',
  `WITH given AS MATERIALIZED (
     SELECT place, id, provider, receipt, repeat_ms, provider_message_id, sender, recipient, body, folded,
       coalesce(to_timestamp(received_ms / 1000.0), now()) AS received_at, reference, total, number, ${otherKey} AS key
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::float8[], $11::int[], $12::int[], $13::int[]) WITH ORDINALITY
       AS given (id, provider, receipt, repeat_ms, provider_message_id, sender, recipient, body, folded,
         received_ms, reference, total, number, place)
   ), firsts AS MATERIALIZED (
     SELECT DISTINCT ON (provider, receipt) * FROM given WHERE receipt IS NOT NULL
     ORDER BY provider, receipt, place
   ), receipts AS (
     INSERT INTO inbound_receipts AS known (provider, key, until)
     SELECT provider, receipt, now() + repeat_ms * interval '1 ms' FROM firsts ORDER BY provider, receipt
     ON CONFLICT (provider, key) DO UPDATE SET until = excluded.until WHERE known.until < now()
     RETURNING provider, key
   ), fresh AS MATERIALIZED (
     SELECT firsts.* FROM firsts JOIN receipts ON receipts.provider = firsts.provider AND receipts.key = firsts.receipt
     UNION ALL SELECT * FROM given WHERE receipt IS NULL AND (
       SELECT 1 FROM inbound_receipts AS known WHERE known.provider = given.provider AND known.key = given.key AND known.until >= now() LIMIT 1
     ) IS NULL
   ), grouped AS MATERIALIZED (
     SELECT ${groupKey}, (array_agg(id ORDER BY place DESC))[1] AS id,
       jsonb_object_agg(number::text, jsonb_build_object('text', body, 'folded', folded) ORDER BY place DESC) AS parts,
       (array_agg(provider_message_id ORDER BY place) FILTER (WHERE provider_message_id IS NOT NULL))[1] AS provider_message_id,
       min(received_at) AS received_at
     FROM fresh WHERE total > 1 GROUP BY ${groupKey}
   ), held AS (
     INSERT INTO inbound_parts AS known (${groupKey}, parts, provider_message_id, received_at, done_at)
     SELECT ${groupKey}, parts, provider_message_id, received_at, ${whenWhole('parts', 'total')}
     FROM grouped ORDER BY ${groupKey}
     ON CONFLICT (${groupKey}) DO UPDATE SET parts = ${merged},
       provider_message_id = CASE WHEN known.done_at IS NULL
         THEN coalesce(known.provider_message_id, excluded.provider_message_id) ELSE excluded.provider_message_id END,
       received_at = CASE WHEN known.done_at IS NULL
         THEN least(known.received_at, excluded.received_at) ELSE excluded.received_at END,
       first_at = CASE WHEN known.done_at IS NULL THEN known.first_at ELSE now() END,
       done_at = ${whenWhole(merged, 'known.total')}
     WHERE known.done_at IS NULL OR NOT known.parts @> excluded.parts
       OR known.done_at < now() - interval '1 ms' *
         CASE WHEN excluded.provider_message_id IS NULL THEN ${partsRepeatMs} ELSE ${partsRepeatWithIdMs} END
     RETURNING *
   ), colliding AS MATERIALIZED (
     SELECT fresh.*, held.done_at
     FROM fresh JOIN held USING (${groupKey})
     WHERE held.parts -> fresh.number::text ->> 'text' <> fresh.body AND (SELECT count(*) FROM held) >= 0
   ), nameless AS (
     INSERT INTO inbound_receipts AS known (provider, key, until)
     SELECT DISTINCT provider, key, now() + ${partsRepeatMs} * interval '1 ms' FROM colliding WHERE key IS NOT NULL
     ORDER BY provider, key
     ON CONFLICT (provider, key) DO UPDATE SET until = excluded.until WHERE known.until < now()
     RETURNING provider, key
   ), others AS MATERIALIZED (
     SELECT * FROM colliding WHERE key IS NULL
     UNION ALL
     SELECT first.* FROM (SELECT DISTINCT ON (provider, key) * FROM colliding WHERE key IS NOT NULL ORDER BY provider, key, place) AS first
     JOIN nameless ON nameless.provider = first.provider AND nameless.key = first.key
   ), ready AS MATERIALIZED (
     SELECT id, provider, provider_message_id, sender, recipient, body, folded, 1 AS parts, NULL::jsonb AS missing,
       received_at
     FROM fresh WHERE total IS NULL
     UNION ALL
     SELECT grouped.id, held.provider, held.provider_message_id, held.sender, held.recipient, joined.body,
       joined.folded, held.total, NULL, held.received_at
     FROM held JOIN grouped USING (${groupKey}) CROSS JOIN LATERAL (${joinedParts.replace('(parts)', '(held.parts)')}) AS joined
     WHERE held.done_at IS NOT NULL
     UNION ALL
     SELECT CASE WHEN done_at IS NULL THEN id ELSE uuid_v7_now() END, provider, provider_message_id, sender, recipient, body,
       folded, total, (SELECT jsonb_agg(absent ORDER BY absent) FROM generate_series(1, total) AS absent WHERE absent <> number),
       received_at
     FROM others
   ), ${emission}
   SELECT (SELECT count(*) FROM fresh)::int AS fresh, ${emittedColumn}`,
)

const orNull = (values: readonly (number | null | undefined)[]): string =>
  plainArray(values.map((value) => value ?? 'NULL'))

/** Stores them in one commit. What has come before changes nothing. */
export async function takeInbound(sql: Sql, items: readonly InboundItem[]): Promise<InboundTaken> {
  const [row] = await takeStatement(sql, [
    plainArray(items.map(({ id }) => id)),
    textArray(items.map(({ provider }) => provider)),
    textArray(items.map(receiptOf)),
    plainArray(
      items.map((item) =>
        item.providerMessageId === null ? inboundRepeatWithoutIdMs : inboundRepeatMs,
      ),
    ),
    textArray(items.map(({ providerMessageId }) => providerMessageId)),
    textArray(items.map(({ sender }) => sender)),
    textArray(items.map(({ recipient }) => recipient)),
    textArray(items.map(({ text }) => text)),
    textArray(items.map(({ text }) => foldText(text))),
    orNull(items.map(({ receivedAtMs }) => receivedAtMs)),
    orNull(items.map(({ part }) => part?.reference)),
    orNull(items.map(({ part }) => part?.total)),
    orNull(items.map(({ part }) => part?.number)),
  ])
  return { fresh: row?.fresh ?? 0, emitted: row?.emitted ?? [] }
}

/** By which a repetition is known; null for a part without an id, which is known by its numbers and its text. */
function receiptOf({ providerMessageId, part, sender, recipient, text }: InboundItem) {
  if (providerMessageId !== null) {
    // Some providers give all parts of a message one id.
    return part === null
      ? `whole ${providerMessageId}`
      : `part ${part.reference} ${part.number} ${providerMessageId}`
  }
  if (part !== null) return null
  const hash = new Bun.CryptoHasher('sha256').update(JSON.stringify([sender, recipient, text]))
  return `same ${hash.digest('hex')}`
}

const giveUpStatement = defineStatement<EmissionRow>(
  'inbound.give_up_parts',
  `WITH overdue AS MATERIALIZED (
     SELECT * FROM inbound_parts
     WHERE done_at IS NULL AND first_at < now() - $2::bigint * interval '1 ms'
     ORDER BY first_at LIMIT (SELECT count(*) FROM unnest($1::uuid[])) FOR UPDATE SKIP LOCKED
   ), closed AS (
     UPDATE inbound_parts SET done_at = now() WHERE id = ANY(ARRAY(SELECT id FROM overdue))
   ), ids AS (
     SELECT id, place FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, place)
   ), numbered AS (
     SELECT overdue.*, row_number() OVER (ORDER BY first_at) AS place FROM overdue
   ), ready AS MATERIALIZED (
     SELECT ids.id, provider, provider_message_id, sender, recipient, joined.body, joined.folded,
       total AS parts, absent.missing, received_at
     FROM numbered JOIN ids USING (place) CROSS JOIN LATERAL (${joinedParts}) AS joined
     CROSS JOIN LATERAL (${missingParts}) AS absent
   ), ${emission}
   SELECT ${emittedColumn}`,
)

/**
 * Makes messages of what there is of those whose first part came longer ago than `timeoutMs`.
 *
 * @param ids for them: one each, so at most as many are given up
 */
export async function giveUpParts(
  sql: Sql,
  ids: readonly MessageId[],
  timeoutMs: number,
): Promise<readonly EmittedMessage[]> {
  const [row] = await giveUpStatement(sql, [plainArray(ids), timeoutMs])
  return row?.emitted ?? []
}

/** Rows removed in one statement, of each kind. */
export const inboundRemovedMax = 5_000

const forgetStatement = defineStatement<{ removed: number }>(
  'inbound.forget',
  `WITH receipts AS (
     DELETE FROM inbound_receipts WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM inbound_receipts WHERE until < now()
       ORDER BY until LIMIT ${inboundRemovedMax} FOR UPDATE SKIP LOCKED))
     RETURNING 1
   ), parts AS (
     DELETE FROM inbound_parts WHERE id = ANY(ARRAY(
       SELECT id FROM inbound_parts WHERE done_at < now() - ${partsRepeatMs} * interval '1 ms'
       ORDER BY done_at LIMIT ${inboundRemovedMax} FOR UPDATE SKIP LOCKED))
     RETURNING 1
   ), messages AS (
     DELETE FROM inbound_messages WHERE id = ANY(ARRAY(
       SELECT id FROM inbound_messages WHERE id < uuid_v7_floor(now() - $1::int * interval '1 day')
       ORDER BY id LIMIT ${inboundRemovedMax} FOR UPDATE SKIP LOCKED))
     RETURNING 1
   )
   SELECT greatest((SELECT count(*) FROM receipts), (SELECT count(*) FROM parts), (SELECT count(*) FROM messages))::int
     AS removed`,
)

/**
 * Forgets messages older than retention, and by what repetitions were known; a step of it. By the clock of PostgreSQL.
 *
 * @returns whether there may be more of it
 */
export async function forgetInbound(sql: Sql, retentionDays: number): Promise<boolean> {
  return (await forgetStatement(sql, [retentionDays]))[0]?.removed === inboundRemovedMax
}
