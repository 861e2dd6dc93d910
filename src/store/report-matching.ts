/**
 * Applying providers' delivery reports. A report names the provider's id for a message; the append-only
 * `provider_references` say which message that is. A report that finds none is parked: it may have overtaken the record of
 * its submit, and is tried again.
 */
import type { Sql } from 'postgres'
import type { Lane, MessageId } from '../domain/message.ts'
import { messageIdFloor, messageIdTimeMs } from '../domain/message-id.ts'
import { reportedStates, statesBefore } from '../domain/message-state.ts'
import type { ProviderReport } from '../domain/provider-report.ts'
import { plainArray, textArray } from './array-literal.ts'
import { returnColumns, returnsOf } from './returns.ts'
import { defineStatement } from './statement.ts'
import { announceMessages } from './webhook-events.ts'

/** A message that a report has just brought into its final state. */
export interface ReportedMessage {
  readonly id: MessageId
  readonly lane: Lane
  readonly provider: string
  readonly status: (typeof reportedStates)[number]
  /** From the id's time to the report's application. */
  readonly acceptedToFinalMs: number
}

export interface TracedReport extends Pick<ReportedMessage, 'provider' | 'status'> {
  /** Of the span that the message was accepted in. */
  readonly traceparent: string
}

export interface ReportsApplied {
  /** Reports whose message is known. */
  readonly matched: number
  /** Reports put aside until their message is known. */
  readonly parked: number
  readonly moved: readonly ReportedMessage[]
  /** Of those, the ones that are traced. */
  readonly traced: readonly TracedReport[]
}

export interface ReportsTaken extends ReportsApplied {
  /** Places, in the batch, of reports that found no message and could not be parked: they are not stored. */
  readonly refused: ReadonlySet<number>
}

/** A parked report that found no message for as long as it was kept. */
export interface GivenUpReport {
  readonly provider: string
  readonly provider_message_id: string
  readonly status: string
}

export interface ParkedReportsChecked extends ReportsApplied {
  readonly givenUp: readonly GivenUpReport[]
}

interface AppliedRow {
  [column: string]: unknown
  matched: number
  parked: number
  moved: { id: string; lane: Lane; provider: string; status: ReportedMessage['status'] }[] | null
  traced: TracedReport[] | null
}

/** Which row may move to which reported state: the table of the domain, as a condition. */
const transitionGuard = reportedStates
  .map((to) => {
    const from = statesBefore(to).map((state) => `'${state}'`)
    return `(best.status = '${to}' AND m.status IN (${from.join(', ')}))`
  })
  .join(' OR ')

/** Reports that are kept, of the messages that a report without a time is about: its key holds no repeat off. */
const keptBefore = `, kept_before AS MATERIALIZED (
    SELECT message_id, status, provider_message_id FROM delivery_reports
    WHERE message_id = ANY(ARRAY(SELECT message_id FROM matched WHERE timeless))
      AND message_id >= (SELECT message_id FROM matched WHERE timeless ORDER BY message_id LIMIT 1)
      AND message_id <= (SELECT message_id FROM matched WHERE timeless ORDER BY message_id DESC LIMIT 1)
  )`
const notKept = `
    WHERE NOT timeless OR (message_id, status, provider_message_id) NOT IN (
      SELECT message_id, status, provider_message_id FROM kept_before WHERE provider_message_id IS NOT NULL)`
const notParked = `
       AND (NOT timeless OR (provider, provider_message_id, status) NOT IN (
         SELECT provider, provider_message_id, status FROM parked_reports
         WHERE provider = ANY($2::text[]) AND provider_message_id = ANY($3::text[])))`

/**
 * From `r (ord, provider, provider_message_id, status, error_code, occurred_at)`, the array of its provider message ids,
 * and the smallest message id looked at: finds the messages, keeps every report, moves each message once. Of several final reports
 * for one message in a batch the first that came wins, like it does over several batches.
 */
const matchAndMove = (references: string, idMin: string, timelessToo = false): string => `
  matched AS MATERIALIZED (
    SELECT DISTINCT ON (r.ord) r.*, known.message_id
    FROM r JOIN provider_references known
      ON known.provider_message_id = r.provider_message_id AND known.provider = r.provider
     AND known.provider_message_id = ANY(${references})
     AND known.message_id >= ${idMin}
    ORDER BY r.ord, known.message_id DESC
  )${timelessToo ? keptBefore : ''}, kept AS (
    INSERT INTO delivery_reports
      (message_id, occurred_at, status, provider, provider_message_id, error_code)
    SELECT message_id, occurred_at, status, provider, provider_message_id, error_code
    FROM matched ${timelessToo ? notKept : ''}
    ON CONFLICT DO NOTHING
  ), best AS MATERIALIZED (
    SELECT DISTINCT ON (message_id) message_id, status, provider, provider_message_id, error_code, occurred_at
    FROM matched WHERE status <> 'accepted'
    ORDER BY message_id, (status = 'unknown'), ord
  ), moved AS (
    UPDATE messages m
    SET status = best.status::message_status, final_at = now(), due_at = NULL,
        provider = best.provider, provider_message_id = best.provider_message_id
    FROM best
    WHERE m.id = best.message_id AND m.id = ANY(ARRAY(SELECT message_id FROM best))
      AND m.id >= (SELECT message_id FROM best ORDER BY message_id LIMIT 1)
      AND m.id <= (SELECT message_id FROM best ORDER BY message_id DESC LIMIT 1)
      AND (${transitionGuard})
    RETURNING m.id, m.lane, m.provider, m.status, m.recipient, m.traceparent, best.error_code, best.occurred_at,
      ${returnColumns('coalesce(m.sent_at, now())')}
  ), ${returnsOf('moved')}, ${announceMessages(
    `SELECT id, customer_id, recipient, status::text AS status, provider, error_code, occurred_at, traceparent FROM moved`,
  )}`

/** The columns every user of `matchAndMove` answers with. */
const appliedColumns = `
  (SELECT count(*) FROM matched)::int AS matched,
  (SELECT json_agg(json_build_object('id', id, 'lane', lane, 'provider', provider, 'status', status)) FROM moved) AS moved,
  (SELECT json_agg(json_build_object('traceparent', traceparent, 'provider', provider, 'status', status))
   FROM moved WHERE traceparent IS NOT NULL) AS traced`

const applyText = (timelessToo: boolean): string => `
   WITH r AS MATERIALIZED (
     SELECT ord, provider, provider_message_id, status, error_code,
       coalesce(to_timestamp(occurred_ms / 1000.0), now()) AS occurred_at, occurred_ms IS NULL AS timeless
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::float8[])
       WITH ORDINALITY AS given (provider, provider_message_id, status, error_code, occurred_ms, ord)
   ), ${matchAndMove('$3::text[]', '$1::uuid', timelessToo)}, unmatched AS MATERIALIZED (
     SELECT * FROM r WHERE NOT EXISTS (SELECT FROM matched WHERE matched.ord = r.ord)
   ), parked AS (
     INSERT INTO parked_reports (provider, provider_message_id, status, error_code, occurred_at)
     SELECT provider, provider_message_id, status, error_code, occurred_at
     FROM unmatched WHERE $7::int = 1 ${timelessToo ? notParked : ''}
     ON CONFLICT DO NOTHING RETURNING 1
   )
   SELECT ${appliedColumns}, (SELECT count(*) FROM parked)::int AS parked,
     (SELECT json_agg(ord - 1) FROM unmatched WHERE $7::int = 0) AS refused`

type ApplyRow = AppliedRow & { refused: number[] | null }
const applyStatement = defineStatement<ApplyRow>('reports.apply', applyText(false))
/** A statement of its own, because a report has a time nearly always, and looking for those that were kept costs. */
const applyTimelessStatement = defineStatement<ApplyRow>('reports.apply_timeless', applyText(true))

/**
 * Stores and applies reports in one commit, those without a time as of now, and not when one of the same message and status is
 * kept, or waits, already. When it resolves, each is applied, kept, parked or, when it would have to be parked and must not, refused.
 *
 * @param matchWindowMs reports are matched to messages accepted within this time
 */
export async function applyReports(
  sql: Sql,
  reports: readonly ProviderReport[],
  matchWindowMs: number,
  nowMs: number,
  mayPark = true,
): Promise<ReportsTaken> {
  const isTimeless = reports.some((report) => report.occurredAtMs === null)
  const [row] = await (isTimeless ? applyTimelessStatement : applyStatement)(sql, [
    messageIdFloor(nowMs - matchWindowMs),
    textArray(reports.map((report) => report.provider)),
    textArray(reports.map((report) => report.providerMessageId)),
    plainArray(reports.map((report) => report.status)),
    textArray(reports.map((report) => report.errorCode)),
    plainArray(reports.map((report) => report.occurredAtMs ?? 'NULL')),
    mayPark ? 1 : 0,
  ])
  return { ...appliedFrom(row, nowMs), refused: new Set(row?.refused) }
}

const checkParkedStatement = defineStatement<AppliedRow & { given_up: GivenUpReport[] | null }>(
  'reports.check_parked',
  `WITH taken AS MATERIALIZED (
     SELECT * FROM parked_reports WHERE check_at <= now()
     ORDER BY check_at LIMIT $2::int FOR UPDATE SKIP LOCKED
   ), r AS MATERIALIZED (
     SELECT id AS ord, provider, provider_message_id, status, error_code, occurred_at, received_at FROM taken
   ), ${matchAndMove(
     'ARRAY(SELECT provider_message_id FROM r)',
     `(SELECT uuid_v7_floor(now() - $1::bigint * interval '1 ms'))`,
   )}, given_up AS MATERIALIZED (
     SELECT ord, provider, provider_message_id, status FROM r
     WHERE received_at < now() - $3::bigint * interval '1 ms'
       AND NOT EXISTS (SELECT FROM matched WHERE matched.ord = r.ord)
   ), removed AS (
     DELETE FROM parked_reports WHERE id IN (
       SELECT ord FROM matched
       UNION ALL SELECT ord FROM given_up
     )
   ), again AS (
     UPDATE parked_reports p
     SET checks = p.checks + 1,
         check_at = now() + least(200 * power(2, least(p.checks, 20)), 300000) * interval '1 ms'
     WHERE p.id IN (SELECT ord FROM r WHERE received_at >= now() - $3::bigint * interval '1 ms'
                    EXCEPT SELECT ord FROM matched)
     RETURNING 1
   )
   SELECT ${appliedColumns}, (SELECT count(*) FROM again)::int AS parked,
     (SELECT json_agg(json_build_object('provider', provider, 'provider_message_id', provider_message_id, 'status', status))
      FROM given_up) AS given_up`,
)

/** The most parked reports looked at in one statement. */
export const parkedChecksMax = 1_000

/**
 * Tries parked reports again, those that are due; each later than the last time, from 200 ms to 5 minutes.
 * Reports that stayed unmatched for `keepMs` are given up, each once. All of it by the clock of PostgreSQL: one that is wrong
 * here would match nothing and give up everything.
 */
export async function checkParkedReports(
  sql: Sql,
  matchWindowMs: number,
  keepMs: number,
  nowMs: number,
): Promise<ParkedReportsChecked> {
  const [row] = await checkParkedStatement(sql, [matchWindowMs, parkedChecksMax, keepMs])
  return { ...appliedFrom(row, nowMs), givenUp: row?.given_up ?? [] }
}

function appliedFrom(row: AppliedRow | undefined, nowMs: number): ReportsApplied {
  const moved = (row?.moved ?? []).map((message) => ({
    ...message,
    acceptedToFinalMs: Math.max(0, nowMs - messageIdTimeMs(message.id)),
  }))
  return { matched: row?.matched ?? 0, parked: row?.parked ?? 0, moved, traced: row?.traced ?? [] }
}
