/** What all routes about webhooks have in common: who may use them, and whose endpoint it is. */
import type { Scope } from '../domain/api-key.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { WebhookEndpoint } from '../store/webhook-endpoints.ts'
import { type Access, type Caller, isProblem } from './caller.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { Exchange, Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export interface WebhookAccess {
  readonly access: Access
  readonly classify: ClassifyDatabaseError
}

type Handle = (exchange: Exchange, caller: Caller) => Promise<Response | Problem>

/** For looking: the scope `read`. */
export function forReaders(options: WebhookAccess, handle: Handle): Route['handle'] {
  return guarded(options, ['read'], handle)
}

/** For changes: `send` and `read`, because who says where events go can read them. */
export function forManagers(options: WebhookAccess, handle: Handle): Route['handle'] {
  return guarded(options, ['send', 'read'], handle)
}

function guarded(
  { access, classify }: WebhookAccess,
  scopes: readonly Scope[],
  handle: Handle,
): Route['handle'] {
  return async (exchange) => {
    const { requestId } = exchange
    try {
      let caller: Caller | null = null
      for (const scope of scopes) {
        const answer = await access(exchange, scope)
        if (isProblem(answer)) return problemResponse(answer, requestId)
        caller = answer
      }
      if (caller === null) throw new Error('a route without a scope')
      const answered = await handle(exchange, caller)
      return answered instanceof Response ? answered : problemResponse(answered, requestId)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      return problemResponse(failure.problem, requestId)
    }
  }
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
