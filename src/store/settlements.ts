/**
 * Settling: what became of claimed messages, for a whole batch in one commit. A settlement names the claim it settles;
 * when the row has moved on meanwhile (it was claimed again, a report came first) the row stays as it is, but the
 * provider's id for the message is recorded all the same, so that its reports find their message.
 */
import type { Sql } from 'postgres'
import type { ClaimToken } from '../domain/claim-token.ts'
import type { Lane, MessageId } from '../domain/message.ts'
import { messageIdRange } from '../domain/message-id.ts'
import type { MessageState } from '../domain/message-state.ts'
import { type AttemptFailure, failuresKeptMax } from '../domain/submit-outcome.ts'
import { plainArray, textArray } from './array-literal.ts'
import { returnColumns, returnsOf } from './returns.ts'
import { defineStatement } from './statement.ts'
import { announceMessages } from './webhook-events.ts'

/** The provider has it. */
export interface SentSettlement {
  readonly id: MessageId
  readonly claimToken: ClaimToken
  readonly provider: string
  readonly providerMessageId: string
  /** Failures of the same attempt at other providers, before this one took it. */
  readonly failures: readonly AttemptFailure[]
}

/** Anything else. */
export interface UnsentSettlement {
  readonly id: MessageId
  readonly claimToken: ClaimToken
  readonly lane: Lane
  /**
   * `queued`: again after `retryInMs`. `released`: handed back, for another process at once; without failures it was no
   * attempt, and is not counted as one.
   * `rejected`, `unknown`, `failed`: final, with a report that says why; `failed` is also a dead letter.
   */
  readonly result: 'queued' | 'released' | 'rejected' | 'unknown' | 'failed'
  readonly retryInMs: number
  readonly provider: string | null
  readonly inDoubtProvider: string | null
  readonly failures: readonly AttemptFailure[]
}

export interface SettledMessage {
  readonly id: MessageId
  readonly status: MessageState
}

const appendFailures = (existing: string, added: string): string => `
  CASE WHEN ${added} IS NULL THEN ${existing} ELSE (
    SELECT jsonb_agg(kept.failure ORDER BY kept.place)
    FROM (
      SELECT failure, place
      FROM jsonb_array_elements(coalesce(${existing}, '[]') || ${added}::jsonb)
        WITH ORDINALITY AS entry (failure, place)
      ORDER BY place DESC LIMIT ${failuresKeptMax}
    ) AS kept
  ) END`

const settleSentStatement = defineStatement<{ id: string }>(
  'messages.settle_sent',
  `WITH settled AS MATERIALIZED (
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
       AS s (id, claim_token, provider, provider_message_id, failures)
   ), recorded AS (
     INSERT INTO provider_references (message_id, provider, provider_message_id)
     SELECT id, provider, provider_message_id FROM settled
   ), sent AS (
     UPDATE messages m
     SET status = 'sent', provider = settled.provider, provider_message_id = settled.provider_message_id,
         sent_at = now(), in_doubt_provider = NULL,
         failures = ${appendFailures('m.failures', 'settled.failures')},
         due_at = CASE WHEN m.due_at IS NOT NULL THEN now() + $8::bigint * interval '1 ms' END
     FROM settled
     WHERE m.id = settled.id AND m.id = ANY($1::uuid[]) AND m.id BETWEEN $6::uuid AND $7::uuid
       AND m.status IN ('sending', 'queued') AND m.claim_token = settled.claim_token
     RETURNING m.id, m.customer_id, m.recipient, m.provider, m.traceparent
   ), ${announceMessages(
     `SELECT id, customer_id, recipient, 'sent' AS status, provider, NULL AS error_code, now() AS occurred_at, traceparent
      FROM sent`,
   )}
   SELECT id FROM sent`,
)

/**
 * Also a row whose claim was given up meanwhile, while nobody else has claimed it: it is not sent a second time.
 *
 * @param reportTimeoutMs how long `sent` waits for a final report before it becomes `unknown`
 */
export async function settleSent(
  sql: Sql,
  settlements: readonly SentSettlement[],
  reportTimeoutMs: number,
): Promise<SettledMessage[]> {
  if (settlements.length === 0) return []
  const ordered = settlements.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = ordered.map((settlement) => settlement.id)
  const { min, max } = messageIdRange(ids)
  const rows = await settleSentStatement(sql, [
    plainArray(ids),
    plainArray(ordered.map((settlement) => settlement.claimToken)),
    textArray(ordered.map((settlement) => settlement.provider)),
    textArray(ordered.map((settlement) => settlement.providerMessageId)),
    textArray(ordered.map((settlement) => failuresJson(settlement.failures))),
    min,
    max,
    reportTimeoutMs,
  ])
  return rows.map((row) => ({ id: row.id, status: 'sent' }))
}

const settleUnsentStatement = defineStatement<{ id: string; status: MessageState }>(
  'messages.settle_unsent',
  `WITH settled AS MATERIALIZED (
     SELECT *, CASE WHEN result = 'released' THEN 'queued' ELSE result END AS status
     FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       AS s (id, claim_token, result, retry_in_ms, provider, in_doubt_provider, failures, error_code, detail)
   ), moved AS (
     UPDATE messages m
     SET status = settled.status::message_status,
         attempts = m.attempts - CASE WHEN settled.result = 'released' AND settled.failures IS NULL THEN 1 ELSE 0 END,
         provider = coalesce(settled.provider, m.provider),
         in_doubt_provider = settled.in_doubt_provider,
         failures = ${appendFailures('m.failures', 'settled.failures')},
         final_at = CASE WHEN settled.status <> 'queued' THEN now() END,
         due_at = CASE WHEN settled.status = 'queued' THEN least(now() + settled.retry_in_ms * interval '1 ms', m.expires_at) END,
         enqueued_at = NULL
     FROM settled
     WHERE m.id = settled.id AND m.id = ANY($1::uuid[]) AND m.id BETWEEN $10::uuid AND $11::uuid
       AND m.status = 'sending' AND m.claim_token = settled.claim_token
     RETURNING m.id, m.claim_token, m.status, m.lane, m.attempts, m.provider, m.recipient, m.traceparent, ${returnColumns()}
   ), reported AS (
     INSERT INTO delivery_reports (message_id, occurred_at, status, provider, error_code, detail)
     SELECT moved.id, now(), moved.status::text, moved.provider, settled.error_code, settled.detail
     FROM moved JOIN settled USING (id, claim_token)
     WHERE moved.status <> 'queued'
     ON CONFLICT DO NOTHING
   ), dead AS (
     INSERT INTO dead_letters (message_id, lane, attempts, provider, error_code, detail)
     SELECT moved.id, moved.lane, moved.attempts, moved.provider,
            coalesce(settled.error_code, 'unknown'), coalesce(settled.detail, '')
     FROM moved JOIN settled USING (id, claim_token)
     WHERE moved.status = 'failed'
     ON CONFLICT (message_id) DO UPDATE
       SET attempts = excluded.attempts, provider = excluded.provider, error_code = excluded.error_code,
           detail = excluded.detail, dead_at = excluded.dead_at, replayed_at = NULL
   ), ${returnsOf('moved')}, ${announceMessages(
     `SELECT moved.id, moved.customer_id, moved.recipient, moved.status::text AS status, moved.provider,
        settled.error_code, now() AS occurred_at, moved.traceparent
      FROM moved JOIN settled USING (id, claim_token) WHERE moved.status <> 'queued'`,
   )}
   SELECT id, status FROM moved`,
)

export async function settleUnsent(
  sql: Sql,
  settlements: readonly UnsentSettlement[],
): Promise<SettledMessage[]> {
  if (settlements.length === 0) return []
  const ordered = settlements.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = ordered.map((settlement) => settlement.id)
  const { min, max } = messageIdRange(ids)
  return await settleUnsentStatement(sql, [
    plainArray(ids),
    plainArray(ordered.map((settlement) => settlement.claimToken)),
    plainArray(ordered.map((settlement) => settlement.result)),
    plainArray(ordered.map((settlement) => Math.round(settlement.retryInMs))),
    textArray(ordered.map((settlement) => settlement.provider)),
    textArray(ordered.map((settlement) => settlement.inDoubtProvider)),
    textArray(ordered.map((settlement) => failuresJson(settlement.failures))),
    textArray(ordered.map((settlement) => settlement.failures.at(-1)?.code ?? null)),
    textArray(ordered.map((settlement) => settlement.failures.at(-1)?.detail ?? null)),
    min,
    max,
  ])
}

function failuresJson(failures: readonly AttemptFailure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures)
}
