/**
 * What keeps every message moving whatever died: the sweep, which gives each row that is not final a `due_at`, and the
 * promotion of rows whose `due_at` has come. Safe to run in any number of processes at once.
 *
 * Invariant: a row that is not final has an id above its lane's watermark, or a `due_at`.
 */
import type { Sql } from 'postgres'
import type { Lane, MessageId } from '../domain/message.ts'
import { insertDelayMsMax } from '../domain/message-id.ts'
import { finalStates, type MessageState } from '../domain/message-state.ts'
import { textArray } from './array-literal.ts'
import { insertStatementName } from './message-inserts.ts'
import { returnColumns, returnsOf } from './returns.ts'
import { defineStatement } from './statement.ts'
import { announceMessages } from './webhook-events.ts'

const finalList = finalStates.map((state) => `'${state}'`).join(', ')

/** The most rows one sweep looks at, and one promotion moves. */
const sweepRowsMax = 5_000
const promotionsMax = 1_000
/** The most rows that one statement makes due after the loss of the queue. */
const expeditedMax = 5_000
/** What waits in the queue is looked at less and less often, and at least this often. */
const waitingLooksMinutesMax = 10

export interface SweepResult {
  /** Whether there may be more rows to look at. */
  readonly more: boolean
  /** Rows that were given a `due_at`, by the state they were found in. */
  readonly found: Readonly<Partial<Record<MessageState, number>>>
}

/**
 * `queued` and `scheduled` rows become due now: they should have been sent by now. `sending` rows become due when their
 * lease is over, `sent` rows when their report is overdue. The watermark row's lock keeps two sweeps apart.
 */
const sweepStatement = defineStatement<{ looked: number; found: Record<string, number> | null }>(
  'recovery.sweep',
  `WITH mark AS MATERIALIZED (
     SELECT lane, watermark, $2::uuid AS up_to
     FROM sweep_watermarks WHERE lane = $1::lane FOR UPDATE SKIP LOCKED
   ), span AS MATERIALIZED (
     SELECT m.id, m.lane, m.status, m.due_at
     FROM messages m
     WHERE m.id > (SELECT watermark FROM mark) AND m.id <= (SELECT up_to FROM mark)
     ORDER BY m.id LIMIT ${sweepRowsMax}
   ), due AS (
     UPDATE messages m
     SET due_at = CASE m.status
       WHEN 'sending' THEN m.claimed_at + $3::bigint * interval '1 ms'
       WHEN 'sent' THEN m.sent_at + $4::bigint * interval '1 ms'
       ELSE now() END
     FROM span
     WHERE m.id = span.id AND m.id = ANY(ARRAY(SELECT id FROM span)) AND m.id <= (SELECT up_to FROM mark)
       AND m.id > (SELECT watermark FROM mark) AND span.lane = $1::lane AND span.status NOT IN (${finalList})
       AND m.status NOT IN (${finalList}) AND m.due_at IS NULL
     RETURNING m.status
   ), moved AS (
     UPDATE sweep_watermarks w
     SET watermark = CASE WHEN (SELECT count(*) FROM span) < ${sweepRowsMax} THEN mark.up_to
                          ELSE (SELECT id FROM span ORDER BY id DESC LIMIT 1) END,
         swept_at = now()
     FROM mark WHERE w.lane = mark.lane AND mark.up_to > mark.watermark
   )
   SELECT (SELECT count(*) FROM span)::int AS looked,
          (SELECT json_object_agg(status, rows) FROM (SELECT status, count(*)::int AS rows FROM due GROUP BY 1) AS c) AS found`,
)

/**
 * How far a sweep may go: what is younger than the oldest entry of the queue merely waits its turn, unless its validity is over.
 * And whether an INSERT runs longer than its time limit: a COMMIT that waits for the disk or for a standby has none. Asked in a
 * statement of its own, before the sweep's snapshot is taken: what has ended by then is visible to the sweep, and what has not is
 * younger than the limit of the same moment.
 */
const sweepLimitStatement = defineStatement<{ up_to: string; blocked: boolean }>(
  'recovery.sweep_limit',
  `SELECT uuid_v7_floor(now() - greatest($1::bigint, least(coalesce($2::bigint, 0) + $1::bigint, $3::bigint))
                                * interval '1 ms') AS up_to, EXISTS (
     SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND state <> 'idle' AND query LIKE '/* ${insertStatementName}%'
       AND xact_start < now() - ($1::bigint - ${insertDelayMsMax}) * interval '1 ms'
   ) AS blocked`,
)

export interface SweepOptions {
  /** Of the lane's queue; null for an empty one. Ages, because its clock need not be the database's. */
  readonly oldestQueuedAgeMs: number | null
  readonly validityMs: number
  /** Younger rows, by the clock of PostgreSQL, are left alone: they may still be on their way into the table. */
  readonly graceMs: number
  readonly leaseMs: number
  readonly reportTimeoutMs: number
}

/** Moves one lane's watermark on, at most `sweepRowsMax` rows further; not while an INSERT is overdue. */
export async function sweepLane(
  sql: Sql,
  lane: Lane,
  { oldestQueuedAgeMs, validityMs, graceMs, leaseMs, reportTimeoutMs }: SweepOptions,
): Promise<SweepResult> {
  const [limit] = await sweepLimitStatement(sql, [graceMs, wholeMs(oldestQueuedAgeMs), validityMs])
  if (limit === undefined || limit.blocked) return { more: false, found: {} }
  const rows = await sweepStatement(sql, [lane, limit.up_to, leaseMs, reportTimeoutMs])
  return { more: (rows[0]?.looked ?? 0) >= sweepRowsMax, found: rows[0]?.found ?? {} }
}

const wholeMs = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms))

export interface PromotionOptions {
  /** Rows put back into the queue are looked at again after this time, and later while they wait there. */
  readonly recheckMs: number
  readonly reportTimeoutMs: number
  /** Providers whose in-doubt policy is `unknown`: what they may hold is never sent again. */
  readonly unknownProviders: readonly string[]
  readonly attemptsMax: number
  /** Of the lane's queue; null for an empty one. Ages, because its clock need not be the database's. */
  readonly oldestQueuedAgeMs: number | null
}

/** What became of a row that was due. */
export interface Promotion {
  readonly id: MessageId
  readonly customerId: number
  /**
   * `enqueue`: the caller must append the id to the lane. `waiting`: still in the queue, left alone.
   * The others are final states: validity over, report overdue, or in doubt.
   */
  readonly action: 'enqueue' | 'waiting' | 'expired' | 'unknown'
  readonly wasSending: boolean
}

/** Of a row of `moved`: why it is final. */
const promotionCode = `
       CASE WHEN action = 'expired' THEN 'validity_over' WHEN old_status = 'sent' THEN 'report_overdue' ELSE 'in_doubt' END`

/**
 * The decision for each due row, in order: validity over → expired (unless a provider may hold it); report overdue →
 * unknown; claim lost → unknown by policy or after the last attempt, else again at the same provider first; put into
 * the queue before and the queue still holds older entries → it is waiting; otherwise into the queue.
 *
 * Half of a batch are the rows that were due first. The other half were due last, so that a few do not wait for a great many
 * that became due a moment before.
 */
const promoteStatement = defineStatement<{
  id: string
  customer_id: string
  action: Promotion['action']
  was_sending: boolean
}>(
  'recovery.promote',
  `WITH oldest AS MATERIALIZED (
     SELECT id, status, provider, attempts, expires_at, enqueued_at, in_doubt_provider
     FROM messages WHERE lane = $6::lane AND due_at <= now()
     ORDER BY due_at LIMIT ${promotionsMax / 2} FOR UPDATE SKIP LOCKED
   ), newest AS MATERIALIZED (
     SELECT id, status, provider, attempts, expires_at, enqueued_at, in_doubt_provider
     FROM messages WHERE lane = $6::lane AND due_at <= now()
       AND (SELECT count(*) FROM oldest) = ${promotionsMax / 2} AND id NOT IN (SELECT id FROM oldest)
     ORDER BY due_at DESC LIMIT ${promotionsMax / 2} FOR UPDATE SKIP LOCKED
   ), due AS MATERIALIZED (
     SELECT * FROM oldest UNION ALL SELECT * FROM newest
   ), decided AS MATERIALIZED (
     SELECT *, CASE
       WHEN status = 'sent' THEN 'unknown'
       WHEN status = 'sending' AND (provider = ANY($3::text[]) OR attempts >= $4::int) THEN 'unknown'
       WHEN expires_at <= now() THEN
         CASE WHEN status = 'sending' OR in_doubt_provider IS NOT NULL THEN 'unknown' ELSE 'expired' END
       WHEN status = 'queued' AND enqueued_at >= now() - $5::bigint * interval '1 ms' THEN 'waiting'
       ELSE 'enqueue' END AS action
     FROM due
   ), moved AS (
     UPDATE messages m
     SET status = CASE decided.action WHEN 'unknown' THEN 'unknown'::message_status
                                      WHEN 'expired' THEN 'expired'::message_status
                                      ELSE 'queued'::message_status END,
         in_doubt_provider = CASE WHEN decided.status = 'sending' THEN coalesce(m.in_doubt_provider, decided.provider)
                                  ELSE m.in_doubt_provider END,
         enqueued_at = CASE WHEN decided.action = 'enqueue' THEN now() ELSE m.enqueued_at END,
         final_at = CASE WHEN decided.action IN ('unknown', 'expired') THEN now() END,
         due_at = CASE decided.action
           WHEN 'enqueue' THEN now() + $1::bigint * interval '1 ms'
           WHEN 'waiting' THEN now() + least(greatest(now() - m.enqueued_at, $1::bigint * interval '1 ms'),
                                             ${waitingLooksMinutesMax} * interval '1 minute') END
     FROM decided
     WHERE m.id = decided.id AND m.id = ANY(ARRAY(SELECT id FROM decided))
       AND m.id >= (SELECT id FROM decided ORDER BY id LIMIT 1)
       AND m.id <= (SELECT id FROM decided ORDER BY id DESC LIMIT 1)
     RETURNING m.id, m.status, decided.action, decided.status = 'sending' AS was_sending, decided.status AS old_status,
       m.provider, m.recipient, m.traceparent, ${returnColumns()}
   ), reported AS (
     INSERT INTO delivery_reports (message_id, occurred_at, status, provider, error_code, detail)
     SELECT id, now(), action, provider, ${promotionCode},
       CASE WHEN action = 'expired' THEN 'not sent within its validity period'
            WHEN old_status = 'sent' THEN 'no final report within ' || $2::bigint / 1000 || ' s'
            ELSE 'the processor died while the provider may have had the message' END
     FROM moved WHERE action IN ('unknown', 'expired')
     ON CONFLICT DO NOTHING
   ), ${returnsOf('moved')}, ${announceMessages(
     `SELECT id, customer_id, recipient, action AS status, provider, ${promotionCode} AS error_code, now() AS occurred_at, traceparent
      FROM moved WHERE action IN ('unknown', 'expired')`,
   )}
   SELECT id, customer_id, action, was_sending FROM moved`,
)

export interface PromotionResult {
  readonly promotions: readonly Promotion[]
  /** Whether there may be more rows that are due. */
  readonly more: boolean
}

/**
 * Decides about a batch of a lane's rows that are due. The caller enqueues after this has resolved. Lane by lane, because a great
 * many normal messages that were scheduled for one instant would stand before an express one.
 */
export async function promoteDue(
  sql: Sql,
  lane: Lane,
  options: PromotionOptions,
): Promise<PromotionResult> {
  const rows = await promoteStatement(sql, [
    options.recheckMs,
    options.reportTimeoutMs,
    textArray(options.unknownProviders),
    options.attemptsMax,
    wholeMs(options.oldestQueuedAgeMs),
    lane,
  ])
  const promotions = rows.map((row) => ({
    id: row.id,
    customerId: Number(row.customer_id),
    action: row.action,
    wasSending: row.was_sending,
  }))
  return { promotions, more: promotions.length >= promotionsMax }
}

const expediteStatement = defineStatement<{ id: string }>(
  'recovery.expedite',
  `UPDATE messages SET due_at = now()
   WHERE id = ANY(ARRAY(
     SELECT id FROM messages
     WHERE lane IN ('normal', 'express') AND due_at > now()
       AND (status = 'queued' AND enqueued_at IS NOT NULL OR status = 'sending' AND $1::int = 1)
     LIMIT ${expeditedMax} FOR UPDATE SKIP LOCKED))
   RETURNING id`,
)

/**
 * The queue is lost: of what was put back into it, so many are due now, and not when they would be looked at next. What waits for
 * its next attempt goes on waiting.
 *
 * @param claimsToo no process lives that has a claim: they are lost as well
 * @returns whether there may be more
 */
export async function expediteLost(sql: Sql, claimsToo: boolean): Promise<boolean> {
  return (await expediteStatement(sql, [claimsToo ? 1 : 0])).length === expeditedMax
}
