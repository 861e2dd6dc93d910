/** Which customer gets what is sent to which number. For administration only. */
import type { Act, Actor } from '../domain/audit.ts'
import type { Logger } from '../runtime/logger.ts'
import type { NumberRoute } from '../store/number-routes.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import { customerIdOf } from './customer-schemas.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { type InboundRouteBody, newRouteSchema, routeParametersSchema } from './inbound-schemas.ts'
import { listingParameters, pageOf } from './listing.ts'
import type { Problem } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface NumberRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  readonly store: Pick<Store, 'listNumberRoutes' | 'recorded'>
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const inboundRoutesPath = '/api/v1/inbound-routes'

const bodyBytesMax = 4_096

export function numberRoutes(options: NumberRoutesOptions): Route[] {
  const { store, readJson, logger } = options

  async function create({ request, requestId }: Exchange, by: Actor): Promise<Response | Problem> {
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newRouteSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { number, keyword = null, customer_id } = parsed.data
    const created = await store.recorded(
      by,
      (changes) => changes.createNumberRoute(number, keyword, customer_id),
      (route) => (typeof route === 'string' ? null : actOf('inbound_route.created', route)),
    )
    if (created === 'exists') return routeExists
    if (created === 'no_customer') return customerNotFound
    logger.info({
      event: 'inbound_route.created',
      request_id: requestId,
      route_id: created.id,
      customer_id,
    })
    return jsonResponse(toRouteBody(created), 201)
  }

  async function list({ request }: Exchange): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), routeParametersSchema)
    if ('kind' in listing) return listing
    const { cursor = '0', limit } = listing.parameters
    const { shown, last } = await pageOf(limit, (count) =>
      store.listNumberRoutes(Number(cursor), count),
    )
    return jsonResponse({
      inbound_routes: shown.map(toRouteBody),
      next_cursor: last === undefined ? null : String(last.id),
    })
  }

  async function remove({ param, requestId }: Exchange, by: Actor): Promise<Response | Problem> {
    const id = customerIdOf(param('id'))
    const removed =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.deleteNumberRoute(id),
            (route) => route && actOf('inbound_route.deleted', route),
          )
    if (removed === null) return routeNotFound
    const customer_id = removed.customerId
    logger.info({
      event: 'inbound_route.deleted',
      request_id: requestId,
      route_id: removed.id,
      customer_id,
    })
    return jsonResponse(toRouteBody(removed))
  }

  return [
    { method: 'POST', path: inboundRoutesPath, handle: forAdmins(options, create) },
    { method: 'GET', path: inboundRoutesPath, handle: forAdmins(options, list) },
    { method: 'DELETE', path: `${inboundRoutesPath}/:id`, handle: forAdmins(options, remove) },
  ]
}

/** The number is our own, and no person's. */
function actOf(action: Act['action'], { id, number, keyword, customerId }: NumberRoute): Act {
  return { action, target: String(id), detail: { customer_id: customerId, number, keyword } }
}

const routeExists: Problem = {
  kind: 'inbound-route-exists',
  detail: 'There is a route of this number and keyword.',
}
const routeNotFound: Problem = {
  kind: 'inbound-route-not-found',
  detail: 'No inbound route has this id.',
}
const customerNotFound: Problem = {
  kind: 'customer-not-found',
  detail: 'There is no customer with this id.',
}

function toRouteBody(route: NumberRoute): InboundRouteBody {
  return {
    id: route.id,
    number: route.number,
    keyword: route.keyword,
    customer_id: route.customerId,
    created_at: route.createdAt.toISOString(),
  }
}
