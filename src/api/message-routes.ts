/** Reading messages and their delivery reports. */
import { isMessageId, messageIdTimeMs } from '../domain/message-id.ts'
import type { MessageState } from '../domain/message-state.ts'
import { formatAmount } from '../domain/money.ts'
import { countSegments } from '../domain/segments.ts'
import type { MessageFilter, StoredMessage, StoredReport } from '../store/message-queries.ts'
import type { Store } from '../store/store.ts'
import { type Access, isProblem } from './caller.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { invalidRequest, parameterFaults } from './faults.ts'
import { givenParameters, searchTooLong } from './listing.ts'
import {
  type CanceledBody,
  type ListParameters,
  listLimitDefault,
  listParametersSchema,
  type MessageBody,
} from './message-schemas.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { DeliveryReportsBody } from './report-schemas.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'
import { messagesPath } from './submit-routes.ts'

export interface MessageRoutesOptions {
  readonly access: Access
  readonly queries: Store['queries']
  readonly store: Pick<Store, 'cancelMessage'>
  readonly classify: ClassifyDatabaseError
}

export const messagePath = `${messagesPath}/:id`
export const cancelPath = `${messagePath}/cancel`
export const deliveryReportsPath = `${messagePath}/delivery-reports`

export function messageRoutes(options: MessageRoutesOptions): Route[] {
  const { access, queries, store, classify } = options

  /** An id that is none of ours names no message. */
  async function readOne<T>(
    exchange: Exchange,
    read: (id: string, customerId: number | null) => Promise<T | null>,
    show: (found: T) => object,
  ): Promise<Response> {
    const { param, requestId } = exchange
    const caller = await access(exchange, 'read')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    // UUIDs are taken in either case (RFC 9562 §4).
    const id = param('id').toLowerCase()
    const found = isMessageId(id) ? await orProblem(() => read(id, caller.customerId)) : null
    if (found === null) return problemResponse(messageNotFound, requestId)
    return found.ok ? jsonResponse(show(found.value)) : problemResponse(found.problem, requestId)
  }

  async function orProblem<T>(read: () => Promise<T | null>, onTimeout?: Problem) {
    try {
      const value = await read()
      return value === null ? null : ({ ok: true, value } as const)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      const isTimeout = classify(error) === 'timeout'
      return { ok: false, problem: (isTimeout && onTimeout) || failure.problem } as const
    }
  }

  async function list(exchange: Exchange): Promise<Response> {
    const { request, requestId } = exchange
    const caller = await access(exchange, 'read')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    const parsed = parseListing(queryOf(request.url))
    if ('kind' in parsed) return problemResponse(parsed, requestId)
    const { before, limit } = parsed
    const { customerId } = caller
    const filter = customerId === null ? parsed.filter : { ...parsed.filter, customerId }
    // One more than shown tells whether there is a next page.
    const found = await orProblem(() => queries.list(filter, before, limit + 1), searchTooLong)
    if (found === null || !found.ok) {
      return problemResponse(found?.problem ?? messageNotFound, requestId)
    }
    const shown = found.value.slice(0, limit)
    const last = shown.at(-1)
    const hasMore = found.value.length > limit && last !== undefined
    return jsonResponse({
      messages: shown.map(toMessageBody),
      next_cursor: hasMore ? encodeCursor(last.id) : null,
    })
  }

  async function cancel(exchange: Exchange): Promise<Response> {
    const { param, requestId } = exchange
    const caller = await access(exchange, 'send')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    const id = param('id').toLowerCase()
    const outcome = isMessageId(id)
      ? await orProblem(() => store.cancelMessage(id, caller.customerId))
      : null
    if (outcome === null) return problemResponse(messageNotFound, requestId)
    if (!outcome.ok) return problemResponse(outcome.problem, requestId)
    const status = outcome.value
    return status === 'canceled'
      ? jsonResponse({ id, status } satisfies CanceledBody)
      : problemResponse(tooLate(status), requestId)
  }

  return [
    { method: 'GET', path: messagesPath, handle: list },
    { method: 'POST', path: cancelPath, handle: cancel },
    {
      method: 'GET',
      path: messagePath,
      handle: (exchange) => readOne(exchange, queries.get, toMessageBody),
    },
    {
      method: 'GET',
      path: deliveryReportsPath,
      handle: (exchange) => readOne(exchange, queries.reports, toReportsBody),
    },
  ]
}

function tooLate(status: MessageState): Problem {
  return {
    kind: 'not-cancelable',
    detail: `The message is ${status}: only one that waits, and that no provider may hold, can be canceled.`,
  }
}

export const messageNotFound: Problem = {
  kind: 'message-not-found',
  detail: 'No message has this id; messages older than the retention time are gone.',
}

interface Listing {
  readonly filter: MessageFilter
  readonly before: string | null
  readonly limit: number
}

function parseListing(query: string): Listing | Problem {
  const { given, faults } = givenParameters(query)
  for (const name of ['recipient', 'phone']) {
    const number = given.get(name)
    if (number !== undefined) given.set(name, unspacedPlus(number))
  }
  const parsed = listParametersSchema.safeParse(Object.fromEntries(given))
  if (!parsed.success) faults.push(...parameterFaults(parsed.error))
  if (given.has('recipient') && given.has('phone')) {
    faults.push({ parameter: 'phone', detail: 'is the same as recipient: give one of them' })
  }
  if (faults.length > 0 || !parsed.success) return invalidRequest(faults)
  const { cursor, limit } = parsed.data
  return {
    filter: toFilter(parsed.data),
    before: cursor === undefined ? null : decodeCursor(cursor),
    limit: limit === undefined ? listLimitDefault : Number(limit),
  }
}

/** A plus sign that was not percent-encoded arrives as a space; a number has no other use for one. */
export function unspacedPlus(value: string): string {
  return value.startsWith(' ') ? `+${value.slice(1)}` : value
}

function toFilter({ status, recipient, phone, lane, provider, from, to }: ListParameters) {
  const number = recipient ?? phone
  return {
    ...(status === undefined ? {} : { status }),
    ...(number === undefined ? {} : { recipient: number }),
    ...(lane === undefined ? {} : { lane }),
    ...(provider === undefined ? {} : { provider }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  } satisfies MessageFilter
}

export function toMessageBody(message: StoredMessage): MessageBody {
  const { redaction } = message
  const { encoding, segments } = segmentsOf(message)
  return {
    id: message.id,
    status: message.status,
    lane: message.lane,
    phone: message.recipient,
    message: redaction?.text_at === undefined ? message.text : null,
    message_redacted_at: shownTime(redaction?.text_at),
    phone_redacted_at: shownTime(redaction?.phone_at),
    encoding,
    price: message.price === null ? null : formatAmount(message.price),
    segments,
    customer_id: message.customerId,
    sender_id: message.senderId,
    provider: message.provider,
    provider_message_id: message.providerMessageId,
    attempts: message.attempts,
    failures: message.failures.map((failure) => ({ ...failure })),
    accepted_at: new Date(messageIdTimeMs(message.id)).toISOString(),
    sent_at: message.sentAt?.toISOString() ?? null,
    final_at: message.finalAt?.toISOString() ?? null,
    expires_at: message.expiresAt.toISOString(),
  }
}

/** Those of a text that was redacted were counted then. */
function segmentsOf({ text, redaction }: StoredMessage) {
  if (redaction?.encoding !== undefined) {
    return { encoding: redaction.encoding, segments: redaction.segments ?? 1 }
  }
  const { encoding, count } = countSegments(text)
  return { encoding, segments: count }
}

function shownTime(time: string | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

function toReportsBody(reports: readonly StoredReport[]): DeliveryReportsBody {
  const delivery_reports = reports.map((report) => ({
    status: report.status,
    provider: report.provider,
    provider_message_id: report.providerMessageId,
    error_code: report.errorCode,
    detail: report.detail,
    occurred_at: report.occurredAt.toISOString(),
    received_at: report.receivedAt.toISOString(),
  }))
  return { delivery_reports }
}
