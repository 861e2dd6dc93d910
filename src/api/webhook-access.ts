/** What all routes about webhooks have in common: who may use them, and whose endpoint it is. */
import { isMessageId } from '../domain/message-id.ts'
import type { WebhookEndpoint } from '../store/webhook-endpoints.ts'
import type { Caller } from './caller.ts'
import { type CustomerRouteOptions, forCallers } from './customer-route.ts'
import type { Problem } from './problems.ts'
import type { Exchange, Route } from './route.ts'

type Handle = (exchange: Exchange, caller: Caller) => Promise<Response | Problem>

/** For looking: the scope `read`. */
export function forReaders(options: CustomerRouteOptions, handle: Handle): Route['handle'] {
  return forCallers(options, ['read'], handle)
}

/** For changes: `send` and `read`, because who says where events go can read them. */
export function forManagers(options: CustomerRouteOptions, handle: Handle): Route['handle'] {
  return forCallers(options, ['send', 'read'], handle)
}

/** UUIDs are taken in either case (RFC 9562 §4). Null: it cannot be one of ours. */
export function idOf(exchange: Exchange, name = 'id'): string | null {
  const id = exchange.param(name).toLowerCase()
  return isMessageId(id) ? id : null
}

/** Does something with the endpoint of the address, when the caller has it. */
export function withEndpoint<T>(
  exchange: Exchange,
  { customerId }: Caller,
  find: (id: string, customerId: number | null) => Promise<T | null>,
): Promise<T | null> {
  const id = idOf(exchange)
  return id === null ? Promise.resolve(null) : find(id, customerId)
}

export const webhookNotFound: Problem = {
  kind: 'webhook-not-found',
  detail: 'There is no webhook with this id.',
}

export function webhookDisabled({ disabledReason }: WebhookEndpoint): Problem {
  return {
    kind: 'webhook-disabled',
    detail: `The webhook is disabled (${disabledReason ?? 'requested'}): enable it first.`,
  }
}
