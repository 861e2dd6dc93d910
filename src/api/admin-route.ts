/** What all routes for administrators have in common. */
import type { Actor } from '../domain/audit.ts'
import { actorOf } from './caller.ts'
import { type CustomerRouteOptions, forCallers } from './customer-route.ts'
import type { Problem } from './problems.ts'
import type { Exchange, Route } from './route.ts'

export interface AdminRouteOptions extends CustomerRouteOptions {
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
  return forCallers(
    options,
    ['admin'],
    (exchange, caller) => handle(exchange, actorOf(exchange, caller)),
    options.tooLong,
  )
}
