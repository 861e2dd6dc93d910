/** Looking at parked reports: those that found no message yet. */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'

export interface ParkedReport {
  readonly provider: string
  readonly providerMessageId: string
  readonly status: string
  readonly errorCode: string | null
  readonly occurredAt: Date
  readonly receivedAt: Date
  /** How many times it was looked up again. */
  readonly checks: number
  /** When it is looked up next. */
  readonly checkAt: Date
}

interface ParkedReportRow {
  [column: string]: unknown
  provider: string
  provider_message_id: string
  status: string
  error_code: string | null
  occurred_at: Date
  received_at: Date
  checks: number
  check_at: Date
}

const listStatement = defineStatement<ParkedReportRow>(
  'parked_reports.list',
  `SELECT provider, provider_message_id, status, error_code, occurred_at, received_at, checks, check_at
   FROM parked_reports ORDER BY id LIMIT $1::int`,
)

/** In the order in which they came. */
export async function listParkedReports(sql: Sql, limit: number): Promise<ParkedReport[]> {
  const rows = await listStatement(sql, [limit])
  return rows.map((row) => ({
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    status: row.status,
    errorCode: row.error_code,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    checks: row.checks,
    checkAt: row.check_at,
  }))
}

const measureStatement = defineStatement<{ count: number; oldest_age_ms: number | null }>(
  'parked_reports.measure',
  `SELECT (SELECT count(*) FROM parked_reports)::int AS count,
          (SELECT (extract(epoch FROM now() - received_at) * 1000)::float8
           FROM parked_reports ORDER BY id LIMIT 1) AS oldest_age_ms`,
)

/** How many there are, and for how long the first of them waits; 0 when there is none. Counting takes as long as there are some. */
export async function measureParkedReports(
  sql: Sql,
): Promise<{ readonly count: number; readonly oldestAgeMs: number }> {
  const [row] = await measureStatement(sql, [])
  return { count: row?.count ?? 0, oldestAgeMs: row?.oldest_age_ms ?? 0 }
}
