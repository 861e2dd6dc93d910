/**
 * Taking webhooks that are due, and recording what became of them. An attempt is a lease: who dies with it leaves the row as it
 * is, and when the lease is over another process takes it, with the same webhook-id.
 */
import type { Sql } from 'postgres'
import type { ClaimToken } from '../domain/claim-token.ts'
import type { DisabledReason } from '../domain/webhook-event.ts'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

/** What an attempt needs. The secrets are for signing, and for nothing else. */
export interface ClaimedWebhook {
  readonly id: string
  readonly endpointId: string
  readonly url: string
  readonly eventType: string
  readonly payload: string
  /** The newest first; two while a rotation goes on. */
  readonly secrets: readonly string[]
  /** When this attempt began, by the clock of PostgreSQL: one that is wrong here would make its signature too old. */
  readonly attemptedAtMs: number
  /** Attempts since it was put on the schedule, with this one. */
  readonly step: number
  /** Attempts at the endpoint that failed in a row before this one. */
  readonly failures: number
  /** Of the message that it tells of; null: it is not traced. */
  readonly traceparent: string | null
}

export interface WebhookClaim {
  readonly token: ClaimToken
  readonly countMax: number
  /** Attempts at one endpoint, from this process, at once. */
  readonly perEndpointMax: number
  /** The same for all endpoints of a customer: several slow ones must not have all places. */
  readonly perCustomerMax: number
  /** From so many failures in a row on, an endpoint gets one attempt at a time. */
  readonly failingFrom: number
  /** Of `countMax`, at most so many for such endpoints. */
  readonly failingMax: number
  /** Attempts of this process that are under way. */
  readonly busy: ReadonlyMap<string, number>
  readonly leaseMs: number
}

interface ClaimRow {
  [column: string]: unknown
  id: string
  endpoint_id: string
  url: string
  event_type: string
  payload: string
  secret: string
  previous_secret: string | null
  attempted_ms: number
  schedule_step: number
  failures: number
  traceparent: string | null
}

/** Endpoints that have something waiting: the index is asked once for each, however long their backlogs are. */
export const waitingEndpoints = `waiting AS (
     (SELECT endpoint_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY endpoint_id LIMIT 1)
     UNION ALL
     SELECT (SELECT endpoint_id FROM webhook_deliveries
             WHERE status = 'pending' AND endpoint_id > waiting.endpoint_id ORDER BY endpoint_id LIMIT 1)
     FROM waiting WHERE waiting.endpoint_id IS NOT NULL
   )`

/**
 * Of each endpoint that has something waiting it takes what there is room for. Those that work come first, in any order; those that fail share what is left to them.
 */
const claimStatement = defineStatement<ClaimRow>(
  'webhooks.claim',
  `WITH RECURSIVE ${waitingEndpoints}, open AS MATERIALIZED (
     SELECT e.id, e.customer_id, e.url, e.secret, e.failures, e.failures >= $4::int AS failing,
       CASE WHEN e.previous_secret_expires_at > now() THEN e.previous_secret END AS previous_secret,
       CASE WHEN e.failures >= $4::int THEN 1 ELSE $3::int END - coalesce(busy.count, 0) AS room
     FROM webhook_endpoints e
     LEFT JOIN unnest($6::uuid[], $7::int[]) AS busy (endpoint_id, count) ON busy.endpoint_id = e.id
     WHERE e.id = ANY(ARRAY(SELECT endpoint_id FROM waiting WHERE endpoint_id IS NOT NULL))
       AND e.disabled_at IS NULL AND e.deleted_at IS NULL
       AND (e.paused_until IS NULL OR e.paused_until <= now())
   ), held AS MATERIALIZED (
     SELECT e.customer_id, sum(busy.count)::int AS count
     FROM unnest($6::uuid[], $7::int[]) AS busy (endpoint_id, count) JOIN webhook_endpoints e ON e.id = busy.endpoint_id
     GROUP BY e.customer_id
   ), turns AS MATERIALIZED (
     SELECT id, failing, turn, least(room, $9::int - coalesce(held.count, 0) - coalesce(sum(room) OVER earlier, 0))::int AS room
     FROM (SELECT *, random() AS turn FROM open WHERE room > 0) AS waiting LEFT JOIN held USING (customer_id)
     WINDOW earlier AS (PARTITION BY customer_id ORDER BY failing, turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
   ), ready AS MATERIALIZED (
     SELECT roomy.id AS endpoint_id, roomy.failing, due.id AS delivery_id
     FROM (SELECT id, failing, room FROM turns WHERE room > 0 ORDER BY failing, turn) AS roomy
     CROSS JOIN LATERAL (
       SELECT id FROM webhook_deliveries
       WHERE endpoint_id = roomy.id AND status = 'pending' AND next_at <= now()
       ORDER BY next_at LIMIT roomy.room FOR UPDATE SKIP LOCKED
     ) AS due
     LIMIT $2::int
   ), taken AS MATERIALIZED (
     SELECT endpoint_id, delivery_id
     FROM (SELECT *, row_number() OVER (PARTITION BY failing) AS place FROM ready) AS placed
     WHERE NOT failing OR place <= $5::int
   )
   UPDATE webhook_deliveries d
   SET attempts = d.attempts + 1, schedule_step = d.schedule_step + 1, claim_token = $1::bigint, attempted_at = now(),
       next_at = now() + $8::bigint * interval '1 ms'
   FROM taken JOIN open ON open.id = taken.endpoint_id
   WHERE d.id = taken.delivery_id AND d.id = ANY(ARRAY(SELECT delivery_id FROM taken))
   RETURNING d.id, d.endpoint_id, open.url, d.event_type, d.payload, d.traceparent, open.secret, open.previous_secret, d.schedule_step,
     open.failures, (extract(epoch FROM now()) * 1000)::float8 AS attempted_ms`,
)

export async function claimWebhooks(sql: Sql, claim: WebhookClaim): Promise<ClaimedWebhook[]> {
  const rows = await claimStatement(sql, [
    claim.token,
    claim.countMax,
    claim.perEndpointMax,
    claim.failingFrom,
    claim.failingMax,
    plainArray([...claim.busy.keys()]),
    plainArray([...claim.busy.values()]),
    claim.leaseMs,
    claim.perCustomerMax,
  ])
  return rows.map((row) => ({
    id: row.id,
    endpointId: row.endpoint_id,
    url: row.url,
    eventType: row.event_type,
    payload: row.payload,
    secrets: row.previous_secret === null ? [row.secret] : [row.secret, row.previous_secret],
    attemptedAtMs: row.attempted_ms,
    step: row.schedule_step,
    failures: row.failures,
    traceparent: row.traceparent,
  }))
}

export interface WebhookSettlement {
  readonly id: string
  readonly endpointId: string
  /** Where the attempt went: what an endpoint's old URL answers says nothing of its new one. */
  readonly url: string
  readonly token: ClaimToken
  /** `pending`: again after `retryInMs`. `failed`: that was its last attempt. */
  readonly result: 'delivered' | 'pending' | 'failed'
  readonly retryInMs: number
  /** Null: no answer came. */
  readonly responseStatus: number | null
  readonly errorCode: string | null
  /** The endpoint gets nothing for so long; 0: it goes on. */
  readonly pauseMs: number
  /** It says that it is there no more. */
  readonly gone: boolean
}

export interface DisabledWebhook {
  readonly id: string
  readonly customerId: number
  readonly reason: DisabledReason
}

/** Of an endpoint: nothing has worked for so long, or not since the first attempt of a delivery that has had its last. */
const isFailing = `NOT told.works AND (
           e.failing_since < now() - $10::bigint * interval '1 ms' OR coalesce(e.failing_since, now()) <= told.exhausted_since)`

/**
 * An endpoint that works is not written to. The others are locked in one order, because other processes settle attempts there too.
 */
const settleStatement = defineStatement<{
  id: string
  customer_id: string
  disabled_reason: DisabledReason
}>(
  'webhooks.settle',
  `WITH settled AS MATERIALIZED (
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::int[], $7::text[], $8::bigint[], $9::int[], $11::text[])
       AS s (id, endpoint_id, claim_token, result, retry_in_ms, response_status, error_code, pause_ms, gone, url)
   ), moved AS (
     UPDATE webhook_deliveries d
     SET status = settled.result::webhook_delivery_status, claim_token = NULL,
         next_at = now() + settled.retry_in_ms * interval '1 ms',
         failed_since = CASE WHEN settled.result = 'delivered' THEN NULL ELSE coalesce(d.failed_since, now()) END,
         final_at = CASE WHEN settled.result <> 'pending' THEN now() END,
         response_status = settled.response_status, error_code = settled.error_code
     FROM settled
     WHERE d.id = settled.id AND d.id = ANY($1::uuid[]) AND d.claim_token = settled.claim_token AND d.status = 'pending'
     RETURNING d.id, d.status, d.failed_since
   ), told AS (
     SELECT settled.endpoint_id, settled.url, bool_or(settled.result = 'delivered') AS works,
       count(*) FILTER (WHERE settled.result <> 'delivered')::int AS failures, max(settled.pause_ms) AS pause_ms,
       bool_or(settled.gone = 1) AS gone, max(moved.failed_since) FILTER (WHERE moved.status = 'failed') AS exhausted_since
     FROM settled LEFT JOIN moved ON moved.id = settled.id GROUP BY settled.endpoint_id, settled.url
   ), locked AS MATERIALIZED (
     SELECT e.id, e.url FROM webhook_endpoints e JOIN told ON told.endpoint_id = e.id AND told.url = e.url
     WHERE e.id = ANY(ARRAY(SELECT endpoint_id FROM told))
       AND (told.gone OR told.pause_ms > 0 OR NOT told.works OR e.failures > 0)
     ORDER BY e.id FOR UPDATE OF e
   ), changed AS (
     UPDATE webhook_endpoints e
     SET failures = CASE WHEN told.works THEN 0 ELSE e.failures + told.failures END,
         failing_since = CASE WHEN told.works THEN NULL ELSE coalesce(e.failing_since, now()) END,
         paused_until = CASE WHEN told.pause_ms > 0
                             THEN greatest(e.paused_until, now() + told.pause_ms * interval '1 ms') ELSE e.paused_until END,
         disabled_at = CASE WHEN told.gone OR ${isFailing} THEN coalesce(e.disabled_at, now()) ELSE e.disabled_at END,
         disabled_reason = CASE WHEN e.disabled_at IS NOT NULL THEN e.disabled_reason
                                WHEN told.gone THEN 'gone' WHEN ${isFailing} THEN 'failing' END
     FROM locked JOIN told ON told.endpoint_id = locked.id AND told.url = locked.url
     WHERE e.id = locked.id AND e.id = ANY(ARRAY(SELECT id FROM locked))
     RETURNING e.id, e.customer_id, e.disabled_at = now() AS is_new, e.disabled_reason
   )
   SELECT id, customer_id, disabled_reason FROM changed WHERE is_new`,
)

/**
 * Records what became of attempts, in one commit. A row that another process has taken meanwhile stays as it is.
 *
 * @param disableAfterMs an endpoint where nothing has worked for so long is disabled
 * @returns the endpoints that were disabled by it
 */
export async function settleWebhooks(
  sql: Sql,
  settlements: readonly WebhookSettlement[],
  disableAfterMs: number,
): Promise<DisabledWebhook[]> {
  if (settlements.length === 0) return []
  const ordered = settlements.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const rows = await settleStatement(sql, [
    plainArray(ordered.map(({ id }) => id)),
    plainArray(ordered.map(({ endpointId }) => endpointId)),
    plainArray(ordered.map(({ token }) => token)),
    plainArray(ordered.map(({ result }) => result)),
    plainArray(ordered.map(({ retryInMs }) => Math.round(retryInMs))),
    plainArray(ordered.map(({ responseStatus }) => responseStatus ?? 'NULL')),
    textArray(ordered.map(({ errorCode }) => errorCode)),
    plainArray(ordered.map(({ pauseMs }) => Math.round(pauseMs))),
    plainArray(ordered.map(({ gone }) => (gone ? 1 : 0))),
    disableAfterMs,
    textArray(ordered.map(({ url }) => url)),
  ])
  return rows.map((row) => ({
    id: row.id,
    customerId: Number(row.customer_id),
    reason: row.disabled_reason,
  }))
}
