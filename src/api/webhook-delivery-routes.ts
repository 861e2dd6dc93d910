/** What was sent to a webhook: its history, sending again, and tests. */
import { isMessageId } from '../domain/message-id.ts'
import type { Store } from '../store/store.ts'
import type { WebhookEndpoint } from '../store/webhook-endpoints.ts'
import type { WebhookDelivery } from '../store/webhook-history.ts'
import type { Caller } from './caller.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { CustomerRouteOptions } from './customer-route.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { listingParameters, pageOf } from './listing.ts'
import { messageNotFound, messagePath } from './message-routes.ts'
import type { Problem } from './problems.ts'
import { type ReadJson, readOptionalJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'
import {
  forManagers,
  forReaders,
  idOf,
  webhookDisabled,
  webhookNotFound,
  withEndpoint,
} from './webhook-access.ts'
import { webhookBodyBytesMax, webhookPath } from './webhook-routes.ts'
import {
  type DeliveryBody,
  deliveryParametersSchema,
  type MessageDeliveryListBody,
  replaySchema,
} from './webhook-schemas.ts'

export interface WebhookDeliveryRoutesOptions extends CustomerRouteOptions {
  readonly store: Pick<
    Store,
    | 'getWebhook'
    | 'listDeliveriesOfMessage'
    | 'listWebhookDeliveries'
    | 'replayWebhookDelivery'
    | 'replayFailedWebhooks'
    | 'testWebhook'
  >
  readonly queries: Pick<Store['queries'], 'get'>
  readonly readJson: ReadJson
}

export function webhookDeliveryRoutes(options: WebhookDeliveryRoutesOptions): Route[] {
  const { store, queries, readJson } = options

  async function list(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(exchange.request.url), deliveryParametersSchema)
    const endpoint = await withEndpoint(exchange, caller, store.getWebhook)
    if (endpoint === null) return webhookNotFound
    if ('kind' in listing) return listing
    const { status = null, cursor, limit } = listing.parameters
    const before = cursor === undefined ? null : decodeCursor(cursor)
    const { shown, last } = await pageOf(limit, (count) =>
      store.listWebhookDeliveries(endpoint.id, status, before, count),
    )
    return jsonResponse({
      deliveries: shown.map(toDeliveryBody),
      next_cursor: last === undefined ? null : encodeCursor(last.id),
    })
  }

  /** The moments at which it moved are those at which somebody was told. */
  async function listOfMessage(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const id = exchange.param('id').toLowerCase()
    const message = isMessageId(id) ? await queries.get(id, caller.customerId) : null
    if (message === null) return messageNotFound
    const { customerId, sentAt, finalAt } = message
    const moments = [sentAt, finalAt].filter((moment) => moment !== null)
    const deliveries = await store.listDeliveriesOfMessage(customerId, id, moments)
    return jsonResponse({
      deliveries: deliveries.map((delivery) => ({
        webhook_id: delivery.endpointId,
        ...toDeliveryBody(delivery),
      })),
    } satisfies MessageDeliveryListBody)
  }

  /** Nothing is sent to one that is disabled. */
  async function enabledEndpoint(
    exchange: Exchange,
    caller: Caller,
  ): Promise<WebhookEndpoint | Problem> {
    const endpoint = await withEndpoint(exchange, caller, store.getWebhook)
    if (endpoint === null) return webhookNotFound
    return endpoint.disabledAt === null ? endpoint : webhookDisabled(endpoint)
  }

  async function test(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const endpoint = await enabledEndpoint(exchange, caller)
    if ('kind' in endpoint) return endpoint
    const delivery = await store.testWebhook(endpoint.id)
    return delivery === null ? webhookDisabled(endpoint) : accepted(delivery)
  }

  async function replay(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const endpoint = await enabledEndpoint(exchange, caller)
    if ('kind' in endpoint) return endpoint
    const id = idOf(exchange, 'delivery_id')
    const delivery = id === null ? null : await store.replayWebhookDelivery(id, endpoint.id)
    return delivery === null ? deliveryNotFound : accepted(delivery)
  }

  async function replayFailed(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await readOptionalJson(readJson, exchange.request, webhookBodyBytesMax)
    if (!body.ok) return body.failure.problem
    const parsed = replaySchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const endpoint = await enabledEndpoint(exchange, caller)
    if ('kind' in endpoint) return endpoint
    const { from, to } = parsed.data
    return jsonResponse(
      await store.replayFailedWebhooks(endpoint.id, dateOf(from), dateOf(to)),
      202,
    )
  }

  return [
    {
      method: 'GET',
      path: `${messagePath}/webhook-deliveries`,
      handle: forReaders(options, listOfMessage),
    },
    {
      method: 'GET',
      path: `${webhookPath}/deliveries`,
      handle: forReaders(options, list),
    },
    {
      method: 'POST',
      path: `${webhookPath}/deliveries/:delivery_id/replay`,
      handle: forManagers(options, replay),
    },
    { method: 'POST', path: `${webhookPath}/replay`, handle: forManagers(options, replayFailed) },
    { method: 'POST', path: `${webhookPath}/test`, handle: forManagers(options, test) },
  ]
}

const dateOf = (time: string | undefined): Date | null =>
  time === undefined ? null : new Date(time)

const accepted = (delivery: WebhookDelivery): Response =>
  jsonResponse(toDeliveryBody(delivery), 202)

const deliveryNotFound: Problem = {
  kind: 'webhook-delivery-not-found',
  detail: 'The webhook has no delivery with this id; old ones are gone.',
}

function toDeliveryBody(delivery: WebhookDelivery): DeliveryBody {
  return {
    id: delivery.id,
    event_type: delivery.eventType,
    status: delivery.status,
    attempts: delivery.attempts,
    attempted_at: delivery.attemptedAt?.toISOString() ?? null,
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    final_at: delivery.finalAt?.toISOString() ?? null,
    response_status: delivery.responseStatus,
    error_code: delivery.errorCode,
    payload: JSON.parse(delivery.payload),
  }
}
