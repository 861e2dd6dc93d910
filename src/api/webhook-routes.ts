/** Webhook endpoints of customers: made, looked at, changed, rotated, removed. */
import { randomBytes } from 'node:crypto'
import { webhookEndpointsMax } from '../domain/webhook-event.ts'
import { newWebhookSecret } from '../domain/webhook-secret.ts'
import type { WebhookUrlRules } from '../domain/webhook-url.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import type { WebhookEndpoint } from '../store/webhook-endpoints.ts'
import type { Caller } from './caller.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { customerFaults } from './customer-of-submit.ts'
import type { CustomerProfiles } from './customer-profiles.ts'
import type { CustomerRouteOptions } from './customer-route.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { listingParameters, pageOf } from './listing.ts'
import type { Fault, Problem } from './problems.ts'
import { type ReadJson, readOptionalJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'
import { forManagers, forReaders, webhookNotFound, withEndpoint } from './webhook-access.ts'
import {
  newWebhookSchema,
  secretOverlapSecondsDefault,
  secretRotationSchema,
  urlFaults,
  type WebhookBody,
  type WebhookWithSecretBody,
  webhookChangeSchema,
  webhookParametersSchema,
} from './webhook-schemas.ts'

export interface WebhookRoutesOptions extends CustomerRouteOptions {
  readonly store: Pick<
    Store,
    | 'createWebhook'
    | 'listWebhooks'
    | 'getWebhook'
    | 'changeWebhook'
    | 'setWebhookDisabled'
    | 'rotateWebhookSecret'
    | 'removeWebhook'
  >
  readonly profiles: Pick<CustomerProfiles, 'find'>
  readonly urlRules: WebhookUrlRules
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const webhooksPath = '/api/v1/webhooks'
export const webhookPath = `${webhooksPath}/:id`

/** Longest body here: a URL escaped at six characters each, and room for the rest. */
export const webhookBodyBytesMax = 16_384

/** An answer with a secret is nobody's to keep. */
const unstored = { 'cache-control': 'no-store' }

export function webhookRoutes(options: WebhookRoutesOptions): Route[] {
  const { store, profiles, urlRules, readJson, logger } = options

  function log(event: string, { requestId }: Exchange, { id, customerId }: WebhookEndpoint): void {
    logger.info({ event, request_id: requestId, webhook_id: id, customer_id: customerId })
  }

  async function create(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await readJson(exchange.request, { bytesMax: webhookBodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newWebhookSchema.safeParse(body.value)
    const faults: Fault[] = [
      ...(parsed.success ? [] : bodyFaults(parsed.error)),
      ...urlFaults((body.value as { url?: unknown } | null)?.url, urlRules),
      ...customerFaults(body.value, caller),
    ]
    const customerId = parsed.data?.customer_id ?? caller.customerId
    if (customerId !== null && caller.isKeyless !== true && faults.length === 0) {
      const { isKnown } = await profiles.find(customerId)
      if (!isKnown)
        faults.push({ pointer: '/customer_id', detail: 'must be a customer that there is' })
    }
    if (faults.length > 0 || !parsed.success || customerId === null) return invalidRequest(faults)
    const { url, events = null, description = null } = parsed.data
    const secret = newWebhookSecret(randomBytes)
    const made = await store.createWebhook({ customerId, url, events, description, secret })
    if (made === null) return tooMany
    log('webhook.created', exchange, made)
    const location = { location: `${webhooksPath}/${made.id}` }
    return jsonResponse(withSecret(secret, made), 201, { ...unstored, ...location })
  }

  async function list({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), webhookParametersSchema)
    if ('kind' in listing) return listing
    const { customer_id, cursor, limit } = listing.parameters
    const asked = customer_id === undefined ? null : Number(customer_id)
    if (caller.customerId !== null && asked !== null && asked !== caller.customerId) {
      const detail = `must be ${caller.customerId}, the customer of the API key`
      return invalidRequest([{ parameter: 'customer_id', detail }])
    }
    const after = cursor === undefined ? null : decodeCursor(cursor)
    const { shown, last } = await pageOf(limit, (count) =>
      store.listWebhooks(caller.customerId ?? asked, after, count),
    )
    return jsonResponse({
      webhooks: shown.map(toWebhookBody),
      next_cursor: last === undefined ? null : encodeCursor(last.id),
    })
  }

  async function get(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const found = await withEndpoint(exchange, caller, store.getWebhook)
    return found === null ? webhookNotFound : jsonResponse(toWebhookBody(found))
  }

  async function change(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await readJson(exchange.request, { bytesMax: webhookBodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = webhookChangeSchema.safeParse(body.value)
    const faults: Fault[] = [
      ...(parsed.success ? [] : bodyFaults(parsed.error)),
      ...urlFaults((body.value as { url?: unknown } | null)?.url, urlRules),
    ]
    if (faults.length > 0 || !parsed.success) return invalidRequest(faults)
    const { url, events, description } = parsed.data
    const wanted = {
      ...(url === undefined ? {} : { url }),
      ...(events === undefined ? {} : { events }),
      ...(description === undefined ? {} : { description }),
    }
    const changed = await withEndpoint(exchange, caller, (id, customerId) =>
      store.changeWebhook(id, customerId, wanted),
    )
    if (changed === null) return webhookNotFound
    log('webhook.changed', exchange, changed)
    return jsonResponse(toWebhookBody(changed))
  }

  async function setDisabled(
    exchange: Exchange,
    caller: Caller,
    disabled: boolean,
  ): Promise<Response | Problem> {
    const changed = await withEndpoint(exchange, caller, (id, customerId) =>
      store.setWebhookDisabled(id, customerId, disabled),
    )
    if (changed === null) return webhookNotFound
    log(disabled ? 'webhook.disabled' : 'webhook.enabled', exchange, changed)
    return jsonResponse(toWebhookBody(changed))
  }

  async function rotate(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await readOptionalJson(readJson, exchange.request, webhookBodyBytesMax)
    if (!body.ok) return body.failure.problem
    const parsed = secretRotationSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { overlap_s = secretOverlapSecondsDefault } = parsed.data
    const secret = newWebhookSecret(randomBytes)
    const rotated = await withEndpoint(exchange, caller, (id, customerId) =>
      store.rotateWebhookSecret(id, customerId, secret, overlap_s * 1_000),
    )
    if (rotated === null) return webhookNotFound
    log('webhook.secret_rotated', exchange, rotated)
    return jsonResponse(withSecret(secret, rotated), 200, unstored)
  }

  async function remove(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const removed = await withEndpoint(exchange, caller, async (id, customerId) =>
      (await store.removeWebhook(id, customerId)) ? id : null,
    )
    if (removed === null) return webhookNotFound
    logger.info({ event: 'webhook.removed', request_id: exchange.requestId, webhook_id: removed })
    return new Response(null, { status: 204 })
  }

  return [
    { method: 'POST', path: webhooksPath, handle: forManagers(options, create) },
    { method: 'GET', path: webhooksPath, handle: forReaders(options, list) },
    { method: 'GET', path: webhookPath, handle: forReaders(options, get) },
    { method: 'PATCH', path: webhookPath, handle: forManagers(options, change) },
    { method: 'DELETE', path: webhookPath, handle: forManagers(options, remove) },
    { method: 'POST', path: `${webhookPath}/rotate-secret`, handle: forManagers(options, rotate) },
    {
      method: 'POST',
      path: `${webhookPath}/disable`,
      handle: forManagers(options, (exchange, caller) => setDisabled(exchange, caller, true)),
    },
    {
      method: 'POST',
      path: `${webhookPath}/enable`,
      handle: forManagers(options, (exchange, caller) => setDisabled(exchange, caller, false)),
    },
  ]
}

const tooMany: Problem = {
  kind: 'webhooks-full',
  detail: `A customer may have ${webhookEndpointsMax} webhooks.`,
}

export function toWebhookBody(endpoint: WebhookEndpoint): WebhookBody {
  return {
    id: endpoint.id,
    customer_id: endpoint.customerId,
    url: endpoint.url,
    events: endpoint.events === null ? null : [...endpoint.events],
    description: endpoint.description,
    created_at: endpoint.createdAt.toISOString(),
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
    disabled_reason: endpoint.disabledReason,
    failures: endpoint.failures,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    previous_secret_expires_at: endpoint.previousSecretExpiresAt?.toISOString() ?? null,
  }
}

function withSecret(secret: string, endpoint: WebhookEndpoint): WebhookWithSecretBody {
  return { secret, ...toWebhookBody(endpoint) }
}
