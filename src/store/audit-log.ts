/** Who administered what: written in the commit of what was done, never changed, forgotten after two years. */
import type { Sql } from 'postgres'
import { type Act, type Actor, type AuditAction, auditKeptDays } from '../domain/audit.ts'
import { answerOf } from './pool.ts'
import { defineStatement } from './statement.ts'

export interface AuditEntry extends Required<Act>, Actor {
  /** Later entries have larger ones. */
  readonly id: number
  readonly at: Date
}

const recordStatement = defineStatement(
  'audit_log.record',
  `INSERT INTO audit_log (actor, request_id, action, target, detail)
   VALUES ($1::text, $2::text, $3::text, $4::text, $5::text::jsonb)`,
)

/** For what is one statement already: give it the same transaction. */
export async function recordAct(sql: Sql, by: Actor, act: Act): Promise<void> {
  const { action, target, detail = {} } = act
  await recordStatement(sql, [by.actor, by.requestId, action, target, JSON.stringify(detail)])
}

/**
 * Does `change` and records what it was, both or neither.
 *
 * @param change does all it does with the `Sql` that it is given
 * @param actOf null: nothing was done
 */
export async function recordedChange<T>(
  sql: Sql,
  by: Actor,
  change: (sql: Sql) => Promise<T>,
  actOf: (result: T) => Act | null,
): Promise<T> {
  async function attempt(): Promise<T> {
    let result: { readonly value: T } | undefined
    const transaction = sql.begin(async (begun) => {
      // It has all that statements need.
      const within = begun as unknown as Sql
      const value = await change(within)
      const act = actOf(value)
      if (act !== null) await recordAct(within, by, act)
      result = { value }
    })
    await answerOf(sql, transaction)
    if (result === undefined) throw new Error('a transaction ended without its result')
    return result.value
  }

  try {
    return await attempt()
  } catch (error) {
    // A statement failed, and the change wanted to try another: that takes a new transaction.
    if (!isTriedAgain(error)) throw error
    return await attempt()
  }
}

/** A row that is there already, or (25P02) the statement after such a failure. */
function isTriedAgain(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === '23505' || code === '25P02'
}

/** All that are given must hold; `from` inclusive. */
export interface AuditFilter {
  readonly actor?: string
  readonly action?: AuditAction
  readonly from?: Date
  readonly to?: Date
}

const listStatement = defineStatement<{
  id: string
  at: Date
  actor: string
  action: AuditAction
  target: string
  detail: Record<string, unknown>
  request_id: string | null
}>(
  'audit_log.list',
  `SELECT id, at, actor, action, target, detail, request_id FROM audit_log
   WHERE id < coalesce($1::bigint, 9223372036854775807)
     AND ($2::text IS NULL OR actor = $2::text)
     AND ($3::text IS NULL OR action = $3::text)
     AND at >= coalesce($4::timestamptz, '-infinity') AND at < coalesce($5::timestamptz, 'infinity')
   ORDER BY id DESC LIMIT $6::int`,
)

/** The newest first, those with ids below `beforeId`. */
export async function listAuditLog(
  sql: Sql,
  filter: AuditFilter,
  beforeId: number | null,
  limit: number,
): Promise<AuditEntry[]> {
  const rows = await listStatement(sql, [
    beforeId,
    filter.actor ?? null,
    filter.action ?? null,
    filter.from?.toISOString() ?? null,
    filter.to?.toISOString() ?? null,
    limit,
  ])
  return rows.map(({ id, request_id, ...entry }) => ({
    ...entry,
    id: Number(id),
    requestId: request_id,
  }))
}

const forgetStatement = defineStatement<{ removed: number }>(
  'audit_log.forget',
  `WITH removed AS (
     DELETE FROM audit_log WHERE id = ANY(ARRAY(
       SELECT id FROM audit_log WHERE at < now() - interval '${auditKeptDays} days' ORDER BY at LIMIT 1000))
     RETURNING 1
   )
   SELECT count(*)::int AS removed FROM removed`,
)

/** Removes entries that are older than they are kept; at most a thousand. Answers how many. */
export async function forgetAuditLog(sql: Sql): Promise<number> {
  return (await forgetStatement(sql, []))[0]?.removed ?? 0
}
