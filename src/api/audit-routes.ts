/** Reading who administered what. */
import type { AuditEntry } from '../store/audit-log.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import { type AuditEntryBody, auditParametersSchema, toAuditFilter } from './audit-schemas.ts'
import { listingParameters, pageOf, searchTooLong } from './listing.ts'
import type { Problem } from './problems.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface AuditRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  readonly store: Pick<Store, 'listAuditLog'>
}

export const auditPath = '/api/v1/audit-log'

export function auditRoutes(options: AuditRoutesOptions): Route[] {
  async function list({ request }: Exchange): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), auditParametersSchema)
    if ('kind' in listing) return listing
    const { limit, cursor, ...filter } = listing.parameters
    const before = cursor === undefined ? null : Number(cursor)
    const { shown, last } = await pageOf(limit, (count) =>
      options.store.listAuditLog(toAuditFilter(filter), before, count),
    )
    return jsonResponse({
      entries: shown.map(toAuditBody),
      next_cursor: last === undefined ? null : String(last.id),
    })
  }

  const admins = { ...options, tooLong: searchTooLong }
  return [{ method: 'GET', path: auditPath, handle: forAdmins(admins, list) }]
}

export function toAuditBody(entry: AuditEntry): AuditEntryBody {
  const { at, actor, action, target, detail, requestId } = entry
  return { at: at.toISOString(), actor, action, target, detail, request_id: requestId }
}
