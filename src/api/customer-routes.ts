/** Customers and their API keys. For administration only. */
import { keyPrefixPattern } from '../domain/api-key.ts'
import type { Actor } from '../domain/audit.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ApiKey } from '../store/api-keys.ts'
import type { Customer } from '../store/customers.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import { customerActs, keyActs } from './customer-acts.ts'
import {
  type CustomerBody,
  customerChangeSchema,
  customerIdOf,
  customerParametersSchema,
  type IssuedKeyBody,
  type KeyBody,
  keyParametersSchema,
  newCustomerSchema,
  newKeySchema,
  overlapSecondsDefault,
  rotationSchema,
  scopesDefault,
} from './customer-schemas.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { issueKey } from './issued-key.ts'
import { listingParameters, pageOf } from './listing.ts'
import type { Problem } from './problems.ts'
import { type ReadJson, readOptionalJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface CustomerRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  readonly store: Pick<Store, 'listCustomers' | 'getCustomer' | 'listApiKeys' | 'recorded'>
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const customersPath = '/api/v1/customers'
export const keysPath = '/api/v1/keys'

/** Longest body here: a name or a note escaped at six characters each, and room for the rest. */
const bodyBytesMax = 4_096
const settingsBytesMax = 65_536

export function customerRoutes(options: CustomerRoutesOptions): Route[] {
  const { store, readJson, logger } = options

  async function create({ request, requestId }: Exchange, by: Actor): Promise<Response | Problem> {
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newCustomerSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { id = null, name } = parsed.data
    const customer = await store.recorded(
      by,
      (changes) => changes.createCustomer(id, name),
      customerActs.created,
    )
    if (customer === null) return customerExists
    logger.info({ event: 'customer.created', request_id: requestId, customer_id: customer.id })
    return jsonResponse(toCustomerBody(customer), 201)
  }

  async function list({ request }: Exchange): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), customerParametersSchema)
    if ('kind' in listing) return listing
    const { cursor = '0', limit } = listing.parameters
    const { shown, last } = await pageOf(limit, (count) =>
      store.listCustomers(Number(cursor), count),
    )
    return jsonResponse({
      customers: shown.map(toCustomerBody),
      next_cursor: last === undefined ? null : String(last.id),
    })
  }

  async function setDisabled(
    { param, requestId }: Exchange,
    by: Actor,
    disabled: boolean,
  ): Promise<Response | Problem> {
    const id = customerIdOf(param('id'))
    const customer =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.setCustomerDisabled(id, disabled),
            disabled ? customerActs.disabled : customerActs.enabled,
          )
    if (customer === null) return customerNotFound
    const event = disabled ? 'customer.disabled' : 'customer.enabled'
    logger.info({ event, request_id: requestId, customer_id: customer.id })
    return jsonResponse(toCustomerBody(customer))
  }

  async function get({ param }: Exchange): Promise<Response | Problem> {
    const id = customerIdOf(param('id'))
    const customer = id === null ? null : await store.getCustomer(id)
    return customer === null ? customerNotFound : jsonResponse(toCustomerBody(customer))
  }

  async function change(
    { request, requestId, param }: Exchange,
    by: Actor,
  ): Promise<Response | Problem> {
    const body = await readJson(request, { bytesMax: settingsBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = customerChangeSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const id = customerIdOf(param('id'))
    const settings = Object.keys(parsed.data.settings ?? {})
    const customer =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.updateCustomer(id, parsed.data),
            customerActs.changed(parsed.data),
          )
    if (customer === null) return customerNotFound
    logger.info({ event: 'customer.changed', request_id: requestId, customer_id: id, settings })
    return jsonResponse(toCustomerBody(customer))
  }

  async function createKey(
    { request, requestId }: Exchange,
    by: Actor,
  ): Promise<Response | Problem> {
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newKeySchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { customer_id, scopes = scopesDefault, note = null, expires_at } = parsed.data
    const { key, prefix, hash } = issueKey()
    const newKey = {
      prefix,
      hash,
      customerId: customer_id,
      scopes,
      note,
      expiresAt: expires_at === undefined ? null : new Date(expires_at),
    }
    const created = await store.recorded(
      by,
      (changes) => changes.createApiKey(newKey),
      keyActs.created,
    )
    if (created === null) return customerNotFound
    logger.info({ event: 'api_key.created', request_id: requestId, prefix, customer_id, scopes })
    return jsonResponse(toIssuedKeyBody(key, created), 201, unstored)
  }

  async function listKeys({ request }: Exchange): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), keyParametersSchema)
    if ('kind' in listing) return listing
    const { customer_id, cursor = '', limit } = listing.parameters
    const customerId = customer_id === undefined ? null : Number(customer_id)
    const { shown, last } = await pageOf(limit, (count) =>
      store.listApiKeys(customerId, cursor, count),
    )
    return jsonResponse({ keys: shown.map(toKeyBody), next_cursor: last?.prefix ?? null })
  }

  async function revoke({ param, requestId }: Exchange, by: Actor): Promise<Response | Problem> {
    const prefix = param('prefix')
    const revoked = keyPrefixPattern.test(prefix)
      ? await store.recorded(by, (changes) => changes.revokeApiKey(prefix), keyActs.revoked)
      : null
    if (revoked === null) return keyNotFound
    logger.info({ event: 'api_key.revoked', request_id: requestId, prefix })
    return jsonResponse(toKeyBody(revoked))
  }

  async function rotate(
    { request, requestId, param }: Exchange,
    by: Actor,
  ): Promise<Response | Problem> {
    const body = await readOptionalJson(readJson, request, bodyBytesMax)
    if (!body.ok) return body.failure.problem
    const parsed = rotationSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { overlap_s = overlapSecondsDefault } = parsed.data
    const old = param('prefix')
    const { key, prefix, hash } = issueKey()
    const created = keyPrefixPattern.test(old)
      ? await store.recorded(
          by,
          (changes) => changes.rotateApiKey(old, { prefix, hash }, overlap_s * 1_000),
          keyActs.rotated(old, overlap_s),
        )
      : null
    if (created === null) return keyNotFound
    logger.info({ event: 'api_key.rotated', request_id: requestId, prefix: old, successor: prefix })
    return jsonResponse(toIssuedKeyBody(key, created), 201, unstored)
  }

  const forStaff = (handle: Parameters<typeof forAdmins>[1]) => forAdmins(options, handle)
  return [
    { method: 'POST', path: customersPath, handle: forStaff(create) },
    { method: 'GET', path: customersPath, handle: forStaff(list) },
    { method: 'GET', path: `${customersPath}/:id`, handle: forStaff(get) },
    { method: 'PATCH', path: `${customersPath}/:id`, handle: forStaff(change) },
    {
      method: 'POST',
      path: `${customersPath}/:id/disable`,
      handle: forStaff((exchange, by) => setDisabled(exchange, by, true)),
    },
    {
      method: 'POST',
      path: `${customersPath}/:id/enable`,
      handle: forStaff((exchange, by) => setDisabled(exchange, by, false)),
    },
    { method: 'POST', path: keysPath, handle: forStaff(createKey) },
    { method: 'GET', path: keysPath, handle: forStaff(listKeys) },
    { method: 'POST', path: `${keysPath}/:prefix/revoke`, handle: forStaff(revoke) },
    { method: 'POST', path: `${keysPath}/:prefix/rotate`, handle: forStaff(rotate) },
  ]
}

/** An answer with a key is nobody's to keep. */
const unstored = { 'cache-control': 'no-store' }

const customerExists: Problem = {
  kind: 'customer-exists',
  detail: 'There is a customer with this id.',
}
const customerNotFound: Problem = {
  kind: 'customer-not-found',
  detail: 'There is no customer with this id.',
}
const keyNotFound: Problem = {
  kind: 'key-not-found',
  detail: 'There is no API key in force with this prefix.',
}

export function toCustomerBody(customer: Customer): CustomerBody {
  const { id, name, createdAt, disabledAt, settings } = customer
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    disabled_at: disabledAt?.toISOString() ?? null,
    settings,
  }
}

export function toKeyBody(key: ApiKey): KeyBody {
  return {
    prefix: key.prefix,
    customer_id: key.customerId,
    scopes: [...key.scopes],
    note: key.note,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  }
}

export function toIssuedKeyBody(key: string, stored: ApiKey): IssuedKeyBody {
  return { key, ...toKeyBody(stored) }
}
