/**
 * The outbox of webhooks. What customers are told of is written in the commit that makes it so, as one row for each endpoint that
 * wants to know: nothing is announced that did not happen, and nothing that happened is forgotten.
 */
import type { Sql } from 'postgres'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

/** A time as JSON has it: RFC 3339, UTC, milliseconds. */
export const jsonTime = (moment: string): string =>
  `to_char(${moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * Two common table expressions that write the deliveries of events; nothing else needs to refer to them.
 *
 * Endpoints are found by their customers, at any size of the table; of events that nobody wants, no payload is made. A payload
 * should be small: the specification asks for less than 20 kB.
 *
 * @param rows a SELECT of what happened, with `customer_id` among its columns
 * @param eventType of a row of it, called `event`
 * @param data of a row of it: a JSON object
 * @param traceparent of a row of it, where it is about what may be traced
 */
export function announceEvents(
  rows: string,
  eventType: string,
  data: string,
  traceparent = 'NULL',
): string {
  return `event AS MATERIALIZED (
     ${rows}
   ), announced AS (
     INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload, traceparent)
     SELECT uuid_v7_now(), endpoint.id, ${eventType},
       json_build_object('type', ${eventType}, 'timestamp', ${jsonTime('now()')}, 'data', ${data})::text, ${traceparent}
     FROM event JOIN webhook_endpoints endpoint ON endpoint.customer_id = event.customer_id
     WHERE endpoint.customer_id = ANY(ARRAY(SELECT DISTINCT customer_id FROM event))
       AND endpoint.disabled_at IS NULL AND endpoint.deleted_at IS NULL
       AND (endpoint.events IS NULL OR ${eventType} = ANY(endpoint.events))
   )`
}

/**
 * The same for messages that have come into a state.
 *
 * @param rows a SELECT of `id`, `customer_id`, `recipient`, `status` (text), `provider`, `error_code`, `occurred_at` and `traceparent`
 */
export function announceMessages(rows: string): string {
  return announceEvents(
    rows,
    `'message.' || event.status`,
    `json_build_object('message_id', event.id, 'customer_id', event.customer_id, 'status', event.status,
       'phone', event.recipient, 'provider', event.provider, 'error_code', event.error_code,
       'occurred_at', ${jsonTime('event.occurred_at')})`,
    'event.traceparent',
  )
}

/** Something to tell a customer's endpoints, which is no step of a message's life. */
export interface WebhookEvent {
  readonly customerId: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const enqueueStatement = defineStatement(
  'webhooks.enqueue',
  `WITH ${announceEvents(
    `SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given (customer_id, type, data)`,
    'event.type',
    'event.data::json',
  )}
   SELECT 1`,
)

/** For events that have no statement of their own. A statement that has writes them by `announceEvents`, in its commit. */
export async function enqueueWebhookEvents(
  sql: Sql,
  events: readonly WebhookEvent[],
): Promise<void> {
  if (events.length === 0) return
  await enqueueStatement(sql, [
    plainArray(events.map(({ customerId }) => customerId)),
    textArray(events.map(({ type }) => type)),
    textArray(events.map(({ data }) => JSON.stringify(data))),
  ])
}
