/** What all routes have in common that are only for some. */
import type { Scope } from '../domain/api-key.ts'
import { type Access, type Caller, isProblem } from './caller.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { Exchange, Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export interface CustomerRouteOptions {
  readonly access: Access
  readonly classify: ClassifyDatabaseError
}

/**
 * Only for those whose key has all of the scopes, at least one, and with the problems that a store may have.
 *
 * @param tooLong for a statement that runs into its time limit
 */
export function forCallers(
  { access, classify }: CustomerRouteOptions,
  scopes: readonly [Scope, ...Scope[]],
  handle: (exchange: Exchange, caller: Caller) => Promise<Response | Problem>,
  tooLong?: Problem,
): Route['handle'] {
  return async (exchange) => {
    const { requestId } = exchange
    const [first, ...others] = scopes
    const caller = await access(exchange, first)
    if (isProblem(caller)) return problemResponse(caller, requestId)
    for (const scope of others) {
      const answer = await access(exchange, scope)
      if (isProblem(answer)) return problemResponse(answer, requestId)
    }
    try {
      const answered = await handle(exchange, caller)
      return answered instanceof Response ? answered : problemResponse(answered, requestId)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      const isTooLong = tooLong !== undefined && classify(error) === 'timeout'
      return problemResponse(isTooLong ? tooLong : failure.problem, requestId)
    }
  }
}
