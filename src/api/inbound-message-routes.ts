/** Reading what people have sent to our numbers. */
import { isMessageId, messageIdTimeMs } from '../domain/message-id.ts'
import type { InboundFilter, InboundMessage } from '../store/inbound-messages.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './caller.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { type CustomerRouteOptions, forCallers } from './customer-route.ts'
import { invalidRequest, parameterFaults } from './faults.ts'
import { type InboundMessageBody, inboundParametersSchema } from './inbound-schemas.ts'
import { givenParameters, pageOf, searchTooLong } from './listing.ts'
import { unspacedPlus } from './message-routes.ts'
import type { Fault, Problem } from './problems.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface InboundMessageRoutesOptions extends CustomerRouteOptions {
  readonly store: Pick<Store, 'listInboundMessages' | 'getInboundMessage'>
}

export const inboundMessagesPath = '/api/v1/inbound-messages'

export function inboundMessageRoutes(options: InboundMessageRoutesOptions): Route[] {
  const { store } = options

  async function list({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const { given, faults } = givenParameters(queryOf(request.url))
    for (const name of ['phone', 'number']) {
      const number = given.get(name)
      if (number !== undefined) given.set(name, unspacedPlus(number))
    }
    const parsed = inboundParametersSchema.safeParse(Object.fromEntries(given))
    if (!parsed.success) faults.push(...parameterFaults(parsed.error))
    faults.push(...customerParameterFaults(given.get('customer_id'), caller))
    if (faults.length > 0 || !parsed.success) return invalidRequest(faults)
    const { cursor, limit, phone, number, keyword, action, customer_id, unrouted } = parsed.data
    const { from, to } = parsed.data
    const customerId = caller.customerId ?? (customer_id === undefined ? null : Number(customer_id))
    const filter: InboundFilter = {
      ...(customerId === null ? {} : { customerId }),
      ...(unrouted === 'true' ? { unrouted: true } : {}),
      ...(phone === undefined ? {} : { sender: phone }),
      ...(number === undefined ? {} : { recipient: number }),
      ...(keyword === undefined ? {} : { keyword }),
      ...(action === undefined ? {} : { action }),
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(to === undefined ? {} : { to: new Date(to) }),
    }
    const before = cursor === undefined ? null : decodeCursor(cursor)
    const { shown, last } = await pageOf(limit, (count) =>
      store.listInboundMessages(filter, before, count),
    )
    return jsonResponse({
      inbound_messages: shown.map(toInboundBody),
      next_cursor: last === undefined ? null : encodeCursor(last.id),
    })
  }

  async function get({ param }: Exchange, { customerId }: Caller): Promise<Response | Problem> {
    const id = param('id').toLowerCase()
    const found = isMessageId(id) ? await store.getInboundMessage(id, customerId) : null
    return found === null ? inboundMessageNotFound : jsonResponse(toInboundBody(found))
  }

  return [
    {
      method: 'GET',
      path: inboundMessagesPath,
      handle: forCallers(options, ['read'], list, searchTooLong),
    },
    {
      method: 'GET',
      path: `${inboundMessagesPath}/:id`,
      handle: forCallers(options, ['read'], get),
    },
  ]
}

/** Who acts for one customer cannot ask for another's. */
export function customerParameterFaults(
  given: string | undefined,
  { customerId }: Caller,
): Fault[] {
  if (given === undefined || customerId === null || given === String(customerId)) return []
  const detail = `must be ${customerId}, the customer of the API key`
  return [{ parameter: 'customer_id', detail }]
}

const inboundMessageNotFound: Problem = {
  kind: 'inbound-message-not-found',
  detail: 'No inbound message has this id; those older than the retention time are gone.',
}

export function toInboundBody(message: InboundMessage): InboundMessageBody {
  return {
    id: message.id,
    provider: message.provider,
    provider_message_id: message.providerMessageId,
    from: message.sender,
    to: message.recipient,
    message: message.text,
    customer_id: message.customerId,
    keyword: message.keyword === '' ? null : message.keyword,
    action: message.action,
    parts: message.parts,
    complete: message.missing.length === 0,
    missing_parts: [...message.missing],
    received_at: message.receivedAt.toISOString(),
    stored_at: new Date(messageIdTimeMs(message.id)).toISOString(),
  }
}
