/** Webhook endpoints: where customers want to be told. What a customer asks about names the customer; null is anybody's. */
import type { Sql } from 'postgres'
import { type DisabledReason, webhookEndpointsMax } from '../domain/webhook-event.ts'
import { plainArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

/** Without its secrets: whoever delivers gets them with what is to be delivered. */
export interface WebhookEndpoint {
  readonly id: string
  readonly customerId: number
  readonly url: string
  /** Null: all. */
  readonly events: readonly string[] | null
  readonly description: string | null
  readonly createdAt: Date
  readonly disabledAt: Date | null
  readonly disabledReason: DisabledReason | null
  /** Attempts that failed since the last one that did not. */
  readonly failures: number
  readonly failingSince: Date | null
  /** Null: there is one secret. */
  readonly previousSecretExpiresAt: Date | null
}

export interface NewWebhookEndpoint
  extends Pick<WebhookEndpoint, 'customerId' | 'url' | 'events' | 'description'> {
  readonly secret: string
}

/** What is left out stays. */
export type WebhookChange = Partial<Pick<WebhookEndpoint, 'url' | 'events' | 'description'>>

interface EndpointRow {
  [column: string]: unknown
  id: string
  customer_id: string
  url: string
  events: string[] | null
  description: string | null
  created_at: Date
  disabled_at: Date | null
  disabled_reason: DisabledReason | null
  failures: number
  failing_since: Date | null
  previous_secret_expires_at: Date | null
}

/** The driver reads no arrays. */
const columns = `id, customer_id, url, to_json(events) AS events, description, created_at, disabled_at, disabled_reason,
  failures, failing_since, CASE WHEN previous_secret_expires_at > now() THEN previous_secret_expires_at END
    AS previous_secret_expires_at`

/** Of an order about one endpoint. */
const one = `id = $1::uuid AND ($2::bigint IS NULL OR customer_id = $2::bigint) AND deleted_at IS NULL`

const createStatement = defineStatement<EndpointRow>(
  'webhooks.create',
  `INSERT INTO webhook_endpoints (id, customer_id, slot, url, events, description, secret)
   SELECT uuid_v7_now(), $1::bigint, slot, $2::text, $3::text[], $4::text, $5::text
   FROM generate_series(1, ${webhookEndpointsMax}) AS slot
   WHERE slot <> ALL(ARRAY(
     SELECT slot FROM webhook_endpoints WHERE customer_id = $1::bigint AND slot IS NOT NULL))
   ORDER BY slot LIMIT 1
   ON CONFLICT (customer_id, slot) DO NOTHING
   RETURNING ${columns}`,
)

const countStatement = defineStatement<{ count: number }>(
  'webhooks.count',
  'SELECT count(slot)::int AS count FROM webhook_endpoints WHERE customer_id = $1::bigint',
)

/** Null when the customer has as many as it may have. */
export async function createWebhook(
  sql: Sql,
  endpoint: NewWebhookEndpoint,
): Promise<WebhookEndpoint | null> {
  const { customerId, url, events, description, secret } = endpoint
  const parameters = [customerId, url, events && plainArray(events), description, secret]
  // Others may take the free slot first, but no more often than there are slots.
  for (let attempt = 1; attempt <= webhookEndpointsMax; attempt++) {
    const [row] = await createStatement(sql, parameters)
    if (row !== undefined) return toEndpoint(row)
    const [found] = await countStatement(sql, [customerId])
    if ((found?.count ?? 0) >= webhookEndpointsMax) return null
  }
  return null
}

const listStatement = defineStatement<EndpointRow>(
  'webhooks.list',
  `SELECT ${columns} FROM webhook_endpoints
   WHERE ($1::bigint IS NULL OR customer_id = $1::bigint) AND deleted_at IS NULL
     AND id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
   ORDER BY id LIMIT $3::int`,
)

/** The oldest first, those after `afterId`; at most `limit`. */
export async function listWebhooks(
  sql: Sql,
  customerId: number | null,
  afterId: string | null,
  limit: number,
): Promise<WebhookEndpoint[]> {
  return (await listStatement(sql, [customerId, afterId, limit])).map(toEndpoint)
}

const getStatement = defineStatement<EndpointRow>(
  'webhooks.get',
  `SELECT ${columns} FROM webhook_endpoints WHERE ${one}`,
)

export async function getWebhook(
  sql: Sql,
  id: string,
  customerId: number | null,
): Promise<WebhookEndpoint | null> {
  const [row] = await getStatement(sql, [id, customerId])
  return row === undefined ? null : toEndpoint(row)
}

const changeStatement = defineStatement<EndpointRow>(
  'webhooks.change',
  `UPDATE webhook_endpoints
   SET url = coalesce($3::text, url),
       failures = CASE WHEN $3::text <> url THEN 0 ELSE failures END,
       failing_since = CASE WHEN $3::text <> url THEN NULL ELSE failing_since END,
       paused_until = CASE WHEN $3::text <> url THEN NULL ELSE paused_until END,
       events = CASE WHEN $4::int = 1 THEN $5::text[] ELSE events END,
       description = CASE WHEN $6::int = 1 THEN $7::text ELSE description END
   WHERE ${one} RETURNING ${columns}`,
)

/** What the old URL has failed at does not count against a new one. Null when there is no such endpoint. */
export async function changeWebhook(
  sql: Sql,
  id: string,
  customerId: number | null,
  { url, events, description }: WebhookChange,
): Promise<WebhookEndpoint | null> {
  const [row] = await changeStatement(sql, [
    id,
    customerId,
    url ?? null,
    events === undefined ? 0 : 1,
    events == null ? null : plainArray(events),
    description === undefined ? 0 : 1,
    description ?? null,
  ])
  return row === undefined ? null : toEndpoint(row)
}

const disableStatement = defineStatement<EndpointRow>(
  'webhooks.disable',
  `UPDATE webhook_endpoints
   SET disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'requested')
   WHERE ${one} RETURNING ${columns}`,
)

const enableStatement = defineStatement<EndpointRow>(
  'webhooks.enable',
  `UPDATE webhook_endpoints
   SET disabled_at = NULL, disabled_reason = NULL, failures = 0, failing_since = NULL, paused_until = NULL
   WHERE ${one} RETURNING ${columns}`,
)

/** While it is disabled nothing is sent and nothing is added; what waits goes on when it is enabled. Null: no such endpoint. */
export async function setWebhookDisabled(
  sql: Sql,
  id: string,
  customerId: number | null,
  disabled: boolean,
): Promise<WebhookEndpoint | null> {
  const [row] = await (disabled ? disableStatement : enableStatement)(sql, [id, customerId])
  return row === undefined ? null : toEndpoint(row)
}

const rotateStatement = defineStatement<EndpointRow>(
  'webhooks.rotate_secret',
  `UPDATE webhook_endpoints
   SET secret = $3::text,
       previous_secret = CASE WHEN $4::bigint > 0 THEN secret END,
       previous_secret_expires_at = CASE WHEN $4::bigint > 0 THEN now() + $4::bigint * interval '1 ms' END
   WHERE ${one} RETURNING ${columns}`,
)

/** From now on it is signed with the new secret, and for `overlapMs` with the one before as well. Null: no such endpoint. */
export async function rotateWebhookSecret(
  sql: Sql,
  id: string,
  customerId: number | null,
  secret: string,
  overlapMs: number,
): Promise<WebhookEndpoint | null> {
  const [row] = await rotateStatement(sql, [id, customerId, secret, overlapMs])
  return row === undefined ? null : toEndpoint(row)
}

const removeStatement = defineStatement<{ id: string }>(
  'webhooks.remove',
  `UPDATE webhook_endpoints SET deleted_at = now(), slot = NULL WHERE ${one} RETURNING id`,
)

/** It is there no more; its deliveries are removed by the upkeep. False when there is no such endpoint. */
export async function removeWebhook(
  sql: Sql,
  id: string,
  customerId: number | null,
): Promise<boolean> {
  return (await removeStatement(sql, [id, customerId])).length > 0
}

function toEndpoint(row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    customerId: Number(row.customer_id),
    url: row.url,
    events: row.events,
    description: row.description,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
    failures: row.failures,
    failingSince: row.failing_since,
    previousSecretExpiresAt: row.previous_secret_expires_at,
  }
}
