/** What all routes for administrators have in common. */
import type { Scope } from '../domain/api-key.ts'
import type { Actor } from '../domain/audit.ts'
import { type Access, actorOf, type Caller, isProblem } from './caller.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { Exchange, Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export interface AdminRouteOptions {
  readonly access: Access
  readonly classify: ClassifyDatabaseError
  /** For a statement that runs into its time limit; that of any failed write unless given. */
  readonly tooLong?: Problem
}

/**
 * Only for those who may administer, and with the problems that a store may have.
 *
 * @param handle is told who it is, for what it does through `Store.recorded`
 */
export function forAdmins(
  options: AdminRouteOptions,
  handle: (exchange: Exchange, by: Actor) => Promise<Response | Problem>,
): Route['handle'] {
  return forCallers(options, 'admin', (exchange, caller) =>
    handle(exchange, actorOf(exchange, caller)),
  )
}

/** The same for any scope: what is done is told who asks. */
export function forCallers(
  { access, classify, tooLong }: AdminRouteOptions,
  scope: Scope,
  handle: (exchange: Exchange, caller: Caller) => Promise<Response | Problem>,
): Route['handle'] {
  return async (exchange) => {
    const { requestId } = exchange
    const caller = await access(exchange, scope)
    if (isProblem(caller)) return problemResponse(caller, requestId)
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
