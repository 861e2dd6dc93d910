/** Keeping the webhooks' tables small: history that is old, endpoints that were removed, backlogs that nobody fetches. */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'
import { type DisabledWebhook, waitingEndpoints } from './webhook-deliveries.ts'

/** Rows removed in one statement. */
export const deliveriesRemovedMax = 5_000

const removeOldStatement = defineStatement<{ removed: number }>(
  'webhooks.remove_old',
  `WITH old AS (
     SELECT id FROM webhook_deliveries
     WHERE id < (SELECT uuid_v7_floor(now() - $1::int * interval '1 day'))
     ORDER BY id LIMIT ${deliveriesRemovedMax} FOR UPDATE SKIP LOCKED
   ), removed AS (
     DELETE FROM webhook_deliveries WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING 1
   )
   SELECT count(*)::int AS removed FROM removed`,
)

const removeDeletedStatement = defineStatement<{ removed: number }>(
  'webhooks.remove_deleted',
  `WITH deleted AS MATERIALIZED (
     SELECT id FROM webhook_endpoints WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1
   ), orphans AS MATERIALIZED (
     SELECT id FROM webhook_deliveries
     WHERE endpoint_id = ANY(ARRAY(SELECT id FROM deleted)) LIMIT ${deliveriesRemovedMax} FOR UPDATE SKIP LOCKED
   ), removed AS (
     DELETE FROM webhook_deliveries WHERE id = ANY(ARRAY(SELECT id FROM orphans)) RETURNING 1
   ), gone AS (
     DELETE FROM webhook_endpoints
     WHERE id = ANY(ARRAY(SELECT id FROM deleted)) AND (SELECT count(*) FROM orphans) < ${deliveriesRemovedMax} RETURNING 1
   )
   SELECT (SELECT count(*) FROM removed)::int + (SELECT count(*) FROM gone)::int AS removed`,
)

/**
 * Removes deliveries that are older than they are kept, delivered or not, and those of endpoints that were removed, with the
 * endpoint after the last of them; a step of each. `more`: there was more than a step, or an endpoint, which may not have been the
 * last.
 */
export async function removeOldWebhooks(
  sql: Sql,
  retentionDays: number,
): Promise<{ readonly removed: number; readonly more: boolean }> {
  const [old] = await removeOldStatement(sql, [retentionDays])
  const [deleted] = await removeDeletedStatement(sql, [])
  const [ofTime, ofEndpoint] = [old?.removed ?? 0, deleted?.removed ?? 0]
  // What becomes old meanwhile is for the next time.
  return { removed: ofTime + ofEndpoint, more: ofTime === deliveriesRemovedMax || ofEndpoint > 0 }
}

const backlogStatement = defineStatement<{ id: string; customer_id: string }>(
  'webhooks.disable_backlog',
  `WITH RECURSIVE ${waitingEndpoints}, long AS MATERIALIZED (
     SELECT e.id FROM webhook_endpoints e
     WHERE e.id = ANY(ARRAY(SELECT endpoint_id FROM waiting WHERE endpoint_id IS NOT NULL))
       AND e.disabled_at IS NULL AND e.deleted_at IS NULL
       AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending'
                   ORDER BY d.next_at OFFSET $1::int LIMIT 1)
     LIMIT 1
   )
   UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'backlog'
   WHERE id = ANY(ARRAY(SELECT id FROM long)) AND disabled_at IS NULL
   RETURNING id, customer_id`,
)

/** Disables an endpoint for which more than `backlogMax` deliveries wait: what waits is counted no further than that. Null: none. */
export async function disableBacklog(
  sql: Sql,
  backlogMax: number,
): Promise<DisabledWebhook | null> {
  const [row] = await backlogStatement(sql, [backlogMax])
  if (row === undefined) return null
  return { id: row.id, customerId: Number(row.customer_id), reason: 'backlog' }
}

export interface WaitingWebhooks {
  /** Not counted beyond `waitingCountedMax`. */
  readonly count: number
  /** How long the attempt that is most overdue has been due; 0 when none is. */
  readonly overdueMs: number
}

/** A gauge need not know a backlog to the last row. */
export const waitingCountedMax = 100_000

const measureStatement = defineStatement<{ count: number; overdue_ms: number | null }>(
  'webhooks.measure',
  `WITH RECURSIVE ${waitingEndpoints}, first AS (
     SELECT (SELECT next_at FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending'
             ORDER BY next_at LIMIT 1) AS next_at
     FROM webhook_endpoints e
     WHERE e.id = ANY(ARRAY(SELECT endpoint_id FROM waiting WHERE endpoint_id IS NOT NULL))
       AND e.disabled_at IS NULL AND e.deleted_at IS NULL
   )
   SELECT (SELECT count(*) FROM (SELECT FROM webhook_deliveries WHERE status = 'pending' LIMIT ${waitingCountedMax}) AS counted)::int
       AS count,
     (SELECT extract(epoch FROM now() - min(next_at)) * 1000 FROM first)::float8 AS overdue_ms`,
)

export async function measureWebhooks(sql: Sql): Promise<WaitingWebhooks> {
  const [row] = await measureStatement(sql, [])
  return { count: row?.count ?? 0, overdueMs: Math.max(0, row?.overdue_ms ?? 0) }
}
