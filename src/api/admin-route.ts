/** What all routes for administrators have in common. */
import { type Access, isProblem } from './caller.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { Exchange, Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export interface AdminRouteOptions {
  readonly access: Access
  readonly classify: ClassifyDatabaseError
  /** For a statement that runs into its time limit; that of any failed write unless given. */
  readonly tooLong?: Problem
}

/** Only for those who may, and with the problems that a store may have. */
export function forAdmins(
  { access, classify, tooLong }: AdminRouteOptions,
  handle: (exchange: Exchange) => Promise<Response | Problem>,
): Route['handle'] {
  return async (exchange) => {
    const { requestId } = exchange
    const caller = await access(exchange, 'admin')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    try {
      const answered = await handle(exchange)
      return answered instanceof Response ? answered : problemResponse(answered, requestId)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      const isTooLong = tooLong !== undefined && classify(error) === 'timeout'
      return problemResponse(isTooLong ? tooLong : failure.problem, requestId)
    }
  }
}
