/**
 * Reading messages and their reports. Reads go to the replica while it is fresh enough for what is asked; an id too
 * young for it, a replica that lags or does not answer → the primary.
 */
import type { Sql } from 'postgres'
import type { Lane, MessageId } from '../domain/message.ts'
import { messageIdFloor, messageIdTimeMs } from '../domain/message-id.ts'
import type { MessageState } from '../domain/message-state.ts'
import type { Amount } from '../domain/money.ts'
import type { Redaction } from '../domain/redaction.ts'
import type { AttemptFailure } from '../domain/submit-outcome.ts'
import type { Database } from './database.ts'
import { databaseErrorKind } from './database-errors.ts'
import { answerOf } from './pool.ts'
import type { ReplicaLag } from './replica-lag.ts'

export interface StoredMessage {
  readonly id: MessageId
  readonly customerId: number
  readonly lane: Lane
  readonly status: MessageState
  readonly recipient: string
  readonly senderId: string | null
  /** Empty when it was redacted. */
  readonly text: string
  /** What it was paid with; null: it costs nothing. */
  readonly price: Amount | null
  /** Null: it has its text and its number. */
  readonly redaction: Redaction | null
  readonly attempts: number
  readonly provider: string | null
  readonly providerMessageId: string | null
  readonly failures: readonly AttemptFailure[]
  readonly sentAt: Date | null
  readonly finalAt: Date | null
  readonly expiresAt: Date
}

export interface StoredReport {
  readonly status: string
  readonly provider: string | null
  readonly providerMessageId: string | null
  readonly errorCode: string | null
  readonly detail: string | null
  readonly occurredAt: Date
  readonly receivedAt: Date
}

/** Filters of a listing; all that are given must hold. Times bound the acceptance, `from` inclusive. */
export interface MessageFilter {
  readonly customerId?: number
  readonly status?: MessageState
  readonly recipient?: string
  readonly lane?: Lane
  readonly provider?: string
  readonly from?: Date
  readonly to?: Date
}

export interface MessageQueries {
  /** @param customerId null: whosever it is; another customer's message is none */
  get(id: MessageId, customerId: number | null): Promise<StoredMessage | null>
  /** Null when there is no such message; oldest first. */
  reports(id: MessageId, customerId: number | null): Promise<StoredReport[] | null>
  /** Newest first, those with ids below `before`; at most `limit`. */
  list(filter: MessageFilter, before: MessageId | null, limit: number): Promise<StoredMessage[]>
}

/** Where a read went, for the metric. */
export const readTargets = ['replica', 'primary'] as const
export type ReadTarget = (typeof readTargets)[number]

/** A message's reports shown at once; more than this is a provider gone mad. */
export const reportsShownMax = 1_000

/** A committed row may be this much younger than the moment its id says. */
const commitDelayMsMax = 10_000

export function createMessageQueries(
  database: Database,
  replicaLag: ReplicaLag,
  onRead: (target: ReadTarget) => void,
): MessageQueries {
  /**
   * Runs a read on the replica when it may answer it, and on the primary when not or when that failed. So with what the
   * replica does not know: an id is as old as it says only if the clock was right that made it.
   */
  async function route<T>(replicaMayKnow: boolean, read: (sql: Sql) => Promise<T>): Promise<T> {
    if (database.hasReplica && replicaMayKnow && replicaLag.usable) {
      try {
        const answer = await read(database.read)
        if (answer !== null) {
          onRead('replica')
          return answer
        }
      } catch (error) {
        // A conflict is the replica's own: replay cancelled the read (SQLSTATE 40001).
        const kind = databaseErrorKind(error)
        if (kind !== 'unavailable' && kind !== 'conflict') throw error
        if (kind === 'unavailable') replicaLag.markDown()
      }
    }
    onRead('primary')
    return await read(database.readPrimary)
  }

  const oldEnough = (id: MessageId): boolean =>
    messageIdTimeMs(id) + commitDelayMsMax < replicaLag.freshUntilMs

  return {
    get: (id, customerId) =>
      route(oldEnough(id), async (sql) => {
        const rows = await answerOf(
          sql,
          sql<MessageRow[]>`
          /* messages.get */ SELECT ${columns(sql)} FROM messages WHERE id = ${id} ${ofCustomer(sql, customerId)}`,
        )
        return rows[0] === undefined ? null : toMessage(rows[0])
      }),

    reports: (id, customerId) =>
      route(oldEnough(id), async (sql) => {
        const rows = await answerOf(
          sql,
          sql<ReportRow[]>`
          /* reports.of_message */
          SELECT CASE WHEN sent_at IS NOT NULL THEN 'sent' END AS status, provider, provider_message_id,
                 NULL AS error_code, NULL AS detail, sent_at AS occurred_at, sent_at AS received_at
          FROM messages WHERE id = ${id} ${ofCustomer(sql, customerId)}
          UNION ALL
          SELECT status, provider, provider_message_id, error_code, detail, occurred_at, received_at
          FROM delivery_reports WHERE message_id = ${id} AND EXISTS (
            SELECT 1 FROM messages WHERE id = ${id} ${ofCustomer(sql, customerId)})
          ORDER BY received_at NULLS FIRST, occurred_at LIMIT ${reportsShownMax}`,
        )
        if (rows.length === 0) return null
        return rows.flatMap((row) => (row.status === null ? [] : [toReport(row, row.status)]))
      }),

    list: (filter, before, limit) =>
      route(true, async (sql) => {
        const rows = await answerOf(
          sql,
          sql<MessageRow[]>`
          /* messages.list */ SELECT ${columns(sql)} FROM messages
          WHERE true
          ${before === null ? sql`` : sql`AND id < ${before}`}
          ${filter.from === undefined ? sql`` : sql`AND id >= ${messageIdFloor(filter.from.getTime())}`}
          ${filter.to === undefined ? sql`` : sql`AND id < ${messageIdFloor(filter.to.getTime())}`}
          ${ofCustomer(sql, filter.customerId ?? null)}
          ${filter.status === undefined ? sql`` : sql`AND status = ${filter.status}`}
          ${filter.recipient === undefined ? sql`` : sql`AND recipient = ${filter.recipient}`}
          ${filter.lane === undefined ? sql`` : sql`AND lane = ${filter.lane}`}
          ${filter.provider === undefined ? sql`` : sql`AND provider = ${filter.provider}`}
          ORDER BY id DESC LIMIT ${limit}`,
        )
        return rows.map(toMessage)
      }),
  }
}

const ofCustomer = (sql: Sql, customerId: number | null) =>
  customerId === null ? sql`` : sql`AND customer_id = ${customerId}`

interface MessageRow {
  id: string
  customer_id: string
  lane: Lane
  status: MessageState
  recipient: string
  sender_id: string | null
  body: string
  price: string | null
  redaction: Redaction | null
  attempts: number
  provider: string | null
  provider_message_id: string | null
  failures: AttemptFailure[] | null
  sent_at: Date | null
  final_at: Date | null
  expires_at: Date
}

const columns = (sql: Sql) => sql`
  id, customer_id, lane, status, recipient, sender_id, body, price, redaction, attempts, provider,
  provider_message_id, failures, sent_at, final_at, expires_at`

function toMessage(row: MessageRow): StoredMessage {
  return {
    id: row.id,
    customerId: Number(row.customer_id),
    lane: row.lane,
    status: row.status,
    recipient: row.recipient,
    senderId: row.sender_id,
    text: row.body,
    price: row.price === null ? null : Number(row.price),
    redaction: row.redaction,
    attempts: row.attempts,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    failures: row.failures ?? [],
    sentAt: row.sent_at,
    finalAt: row.final_at,
    expiresAt: row.expires_at,
  }
}

interface ReportRow {
  status: string | null
  provider: string | null
  provider_message_id: string | null
  error_code: string | null
  detail: string | null
  occurred_at: Date
  received_at: Date
}

function toReport(row: ReportRow, status: string): StoredReport {
  return {
    status,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    errorCode: row.error_code,
    detail: row.detail,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
  }
}
