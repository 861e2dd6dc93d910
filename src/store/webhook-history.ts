/** The deliveries of an endpoint as customers see them: what was sent, with what result, sent again, and tests. */
import type { Sql } from 'postgres'
import { testEventType } from '../domain/webhook-event.ts'
import { plainArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

export interface WebhookDelivery {
  /** Also the webhook-id. */
  readonly id: string
  readonly eventType: string
  readonly status: DeliveryStatus
  readonly attempts: number
  readonly attemptedAt: Date | null
  /** Null when there will be no other attempt. */
  readonly nextAttemptAt: Date | null
  readonly finalAt: Date | null
  /** Of the last attempt; null when there was no answer. */
  readonly responseStatus: number | null
  readonly errorCode: string | null
  readonly payload: string
}

interface DeliveryRow {
  [column: string]: unknown
  id: string
  event_type: string
  status: DeliveryStatus
  attempts: number
  attempted_at: Date | null
  next_at: Date
  final_at: Date | null
  response_status: number | null
  error_code: string | null
  payload: string
}

/** Shown of one message: what it is told of, times the endpoints of a customer, and as much again. */
const deliveriesOfMessageMax = 100
/** The time in a delivery's id, of its statement, is no further than this from the moment in the message's row. */
const commitMsMax = 5_000

const columns = `id, event_type, status, attempts, attempted_at, next_at, final_at, response_status, error_code, payload`

const listStatement = (name: string, condition: string) =>
  defineStatement<DeliveryRow>(
    name,
    `SELECT ${columns} FROM webhook_deliveries
     WHERE endpoint_id = $1::uuid AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND ${condition}
     ORDER BY id DESC LIMIT $3::int`,
  )
const listAllStatement = listStatement('webhooks.deliveries', 'true')
/** With the status in the text: the index of those that failed is found by it. */
const listStatements: Readonly<Record<DeliveryStatus, typeof listAllStatement>> = {
  pending: listStatement('webhooks.deliveries_pending', `status = 'pending'`),
  delivered: listStatement('webhooks.deliveries_delivered', `status = 'delivered'`),
  failed: listStatement('webhooks.deliveries_failed', `status = 'failed'`),
}

/** The newest first, those before `beforeId`; at most `limit`. Whose endpoint it is has been looked at before. */
export async function listWebhookDeliveries(
  sql: Sql,
  endpointId: string,
  status: DeliveryStatus | null,
  beforeId: string | null,
  limit: number,
): Promise<WebhookDelivery[]> {
  const list = status === null ? listAllStatement : listStatements[status]
  const rows = await list(sql, [endpointId, beforeId, limit])
  return rows.map(toDelivery)
}

const ofMessageStatement = defineStatement<DeliveryRow & { endpoint_id: string }>(
  'webhooks.deliveries_of_message',
  `SELECT endpoint_id, ${columns
    .split(', ')
    .map((column) => `d.${column}`)
    .join(', ')}
   FROM webhook_endpoints e, unnest($4::timestamptz[]) moment, webhook_deliveries d
   WHERE e.customer_id = $1::bigint AND d.endpoint_id = e.id
     AND d.id >= uuid_v7_floor(moment - $3::bigint * interval '1 ms')
     AND d.id < uuid_v7_floor(moment + $3::bigint * interval '1 ms')
     AND strpos(d.payload, $2::text) > 0
   ORDER BY d.id LIMIT ${deliveriesOfMessageMax}`,
)

/** A delivery of a message, with the endpoint that it went to. */
export interface MessageDelivery extends WebhookDelivery {
  readonly endpointId: string
}

/**
 * What was told of a message, oldest first: written in the commits that moved it, so that it is looked for around the moments of
 * those, and nowhere else.
 */
export async function listDeliveriesOfMessage(
  sql: Sql,
  customerId: number,
  messageId: string,
  moments: readonly Date[],
): Promise<MessageDelivery[]> {
  const times = plainArray(moments.map((moment) => moment.toISOString()))
  const rows = await ofMessageStatement(sql, [customerId, messageId, commitMsMax, times])
  const found = new Map(
    rows.map((row) => [row.id, { ...toDelivery(row), endpointId: row.endpoint_id }]),
  )
  return [...found.values()]
}

/** Of endpoints that deliver; what is sent again keeps its webhook-id, and has a schedule of its own. */
const again = `status = 'pending', schedule_step = 0, next_at = now(), failed_since = NULL, final_at = NULL`

const replayStatement = defineStatement<DeliveryRow>(
  'webhooks.replay',
  `UPDATE webhook_deliveries SET ${again}
   WHERE id = $1::uuid AND endpoint_id = $2::uuid AND (status <> 'pending' OR claim_token IS NULL)
   RETURNING ${columns}`,
)

const getStatement = defineStatement<DeliveryRow>(
  'webhooks.delivery',
  `SELECT ${columns} FROM webhook_deliveries WHERE id = $1::uuid AND endpoint_id = $2::uuid`,
)

/**
 * Sends it again as soon as may be, whatever became of it; one that is being sent goes on as it is. Null when the endpoint has
 * no such delivery.
 */
export async function replayWebhookDelivery(
  sql: Sql,
  id: string,
  endpointId: string,
): Promise<WebhookDelivery | null> {
  const [row] = await replayStatement(sql, [id, endpointId])
  const found = row ?? (await getStatement(sql, [id, endpointId]))[0]
  return found === undefined ? null : toDelivery(found)
}

/** Deliveries sent again by one order. */
export const replayedMax = 1_000

const replayFailedStatement = defineStatement<{ replayed: number }>(
  'webhooks.replay_failed',
  `WITH failed AS (
     SELECT id FROM webhook_deliveries
     WHERE endpoint_id = $1::uuid AND status = 'failed'
       AND id >= (SELECT uuid_v7_floor(greatest($2::timestamptz, 'epoch')))
       AND id < (SELECT uuid_v7_floor(coalesce($3::timestamptz, now() + interval '1 day')))
     ORDER BY id LIMIT ${replayedMax} FOR UPDATE SKIP LOCKED
   ), replayed AS (
     UPDATE webhook_deliveries SET ${again}
     WHERE id = ANY(ARRAY(SELECT id FROM failed)) RETURNING 1
   )
   SELECT count(*)::int AS replayed FROM replayed`,
)

/** Sends again what has failed for good, of the events between these times; the oldest first, `replayedMax` at most. */
export async function replayFailedWebhooks(
  sql: Sql,
  endpointId: string,
  from: Date | null,
  to: Date | null,
): Promise<{ readonly replayed: number; readonly more: boolean }> {
  const [row] = await replayFailedStatement(sql, [
    endpointId,
    from?.toISOString() ?? null,
    to?.toISOString() ?? null,
  ])
  const replayed = row?.replayed ?? 0
  return { replayed, more: replayed === replayedMax }
}

const testStatement = defineStatement<DeliveryRow>(
  'webhooks.test',
  `INSERT INTO webhook_deliveries (id, endpoint_id, event_type, payload)
   SELECT uuid_v7_now(), id, $2::text,
     json_build_object('type', $2::text,
       'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       'data', json_build_object('webhook_id', id, 'customer_id', customer_id))::text
   FROM webhook_endpoints WHERE id = $1::uuid AND deleted_at IS NULL AND disabled_at IS NULL
   RETURNING ${columns}`,
)

/** An event that says nothing but that it can be sent. Null: the endpoint is disabled, or gone. */
export async function testWebhook(sql: Sql, endpointId: string): Promise<WebhookDelivery | null> {
  const [row] = await testStatement(sql, [endpointId, testEventType])
  return row === undefined ? null : toDelivery(row)
}

function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    eventType: row.event_type,
    status: row.status,
    attempts: row.attempts,
    attemptedAt: row.attempted_at,
    nextAttemptAt: row.status === 'pending' ? row.next_at : null,
    finalAt: row.final_at,
    responseStatus: row.response_status,
    errorCode: row.error_code,
    payload: row.payload,
  }
}
