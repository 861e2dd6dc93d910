/** Reading what people have sent to our numbers. */
import type { Sql } from 'postgres'
import type { InboundAction } from '../domain/inbound-message.ts'
import type { MessageId } from '../domain/message.ts'
import { messageIdFloor } from '../domain/message-id.ts'
import { answerOf } from './pool.ts'

export interface InboundMessage {
  readonly id: MessageId
  readonly provider: string
  readonly providerMessageId: string | null
  readonly sender: string
  readonly recipient: string
  readonly text: string
  readonly customerId: number | null
  readonly keyword: string
  readonly action: InboundAction | null
  readonly parts: number
  /** Numbers of parts that did not come. */
  readonly missing: readonly number[]
  readonly receivedAt: Date
}

export interface InboundFilter {
  readonly customerId?: number
  /** Those that no route takes. */
  readonly unrouted?: boolean
  readonly sender?: string
  readonly recipient?: string
  readonly keyword?: string
  readonly action?: InboundAction
  /** Stored at this time or later. */
  readonly from?: Date
  /** Stored before this time. */
  readonly to?: Date
}

interface InboundRow {
  id: string
  provider: string
  provider_message_id: string | null
  sender: string
  recipient: string
  body: string
  customer_id: string | null
  keyword: string
  action: InboundAction | null
  parts: number
  missing: number[] | null
  received_at: Date
}

const columns = (sql: Sql) => sql`
  id, provider, provider_message_id, sender, recipient, body, customer_id, keyword, action, parts, missing, received_at`

/** Newest first, those with ids below `before`. */
export async function listInboundMessages(
  sql: Sql,
  filter: InboundFilter,
  before: MessageId | null,
  limit: number,
): Promise<InboundMessage[]> {
  const { customerId, unrouted, sender, recipient, keyword, action, from, to } = filter
  const rows = await answerOf(
    sql,
    sql<InboundRow[]>`
    /* inbound_messages.list */ SELECT ${columns(sql)} FROM inbound_messages WHERE true
    ${before === null ? sql`` : sql`AND id < ${before}`}
    ${from === undefined ? sql`` : sql`AND id >= ${messageIdFloor(from.getTime())}`}
    ${to === undefined ? sql`` : sql`AND id < ${messageIdFloor(to.getTime())}`}
    ${customerId === undefined ? sql`` : sql`AND customer_id = ${customerId}`}
    ${unrouted === true ? sql`AND customer_id IS NULL` : sql``}
    ${sender === undefined ? sql`` : sql`AND sender = ${sender}`}
    ${recipient === undefined ? sql`` : sql`AND recipient = ${recipient}`}
    ${keyword === undefined ? sql`` : sql`AND keyword = ${keyword}`}
    ${action === undefined ? sql`` : sql`AND action = ${action}`}
    ORDER BY id DESC LIMIT ${limit}`,
  )
  return rows.map(toInboundMessage)
}

/** @param customerId null: of any customer, or of none */
export async function getInboundMessage(
  sql: Sql,
  id: MessageId,
  customerId: number | null,
): Promise<InboundMessage | null> {
  const rows = await answerOf(
    sql,
    sql<InboundRow[]>`
    /* inbound_messages.get */ SELECT ${columns(sql)} FROM inbound_messages
    WHERE id = ${id} ${customerId === null ? sql`` : sql`AND customer_id = ${customerId}`}`,
  )
  return rows[0] === undefined ? null : toInboundMessage(rows[0])
}

function toInboundMessage(row: InboundRow): InboundMessage {
  return {
    id: row.id,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    sender: row.sender,
    recipient: row.recipient,
    text: row.body,
    customerId: row.customer_id === null ? null : Number(row.customer_id),
    keyword: row.keyword,
    action: row.action,
    parts: row.parts,
    missing: row.missing ?? [],
    receivedAt: row.received_at,
  }
}
