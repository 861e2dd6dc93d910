/** Who wants no messages of a customer: the customer's own list. */
import type { z } from 'zod'
import type { Logger } from '../runtime/logger.ts'
import type { OptOutKey, OptOutSource } from '../store/opt-outs.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './caller.ts'
import { customerFaults } from './customer-of-submit.ts'
import type { CustomerProfiles } from './customer-profiles.ts'
import { type CustomerRouteOptions, forCallers } from './customer-route.ts'
import { bodyFaults, invalidRequest, parameterFaults } from './faults.ts'
import { customerParameterFaults } from './inbound-message-routes.ts'
import { givenParameters, pageOf, searchTooLong } from './listing.ts'
import { unspacedPlus } from './message-routes.ts'
import { exportLines, exportTypes, streamOf, toOptOutBody } from './opt-out-export.ts'
import {
  exportParametersSchema,
  optOutImportSchema,
  optOutKeySchema,
  optOutParametersSchema,
} from './opt-out-schemas.ts'
import type { Fault, Problem } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface OptOutRoutesOptions extends CustomerRouteOptions {
  readonly store: Pick<Store, 'listOptOuts' | 'addOptOuts' | 'removeOptOut'>
  readonly profiles: Pick<CustomerProfiles, 'find'>
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const optOutsPath = '/api/v1/opt-outs'

const keyBytesMax = 4_096
/** Longest import: the most of them, each of 200 bytes. */
export const importBytesMax = 2 * 1_048_576

export function optOutRoutes(options: OptOutRoutesOptions): Route[] {
  const { store, profiles, readJson, logger } = options

  /** The body, and whose it is; or every fault of it. */
  async function read<T extends { customer_id?: number | undefined }>(
    { request }: Exchange,
    caller: Caller,
    schema: z.ZodType<T>,
    bytesMax: number,
  ): Promise<{ readonly given: T; readonly customerId: number } | Problem> {
    const body = await readJson(request, { bytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = schema.safeParse(body.value)
    const faults: Fault[] = parsed.success ? [] : [...bodyFaults(parsed.error)]
    faults.push(...customerFaults(body.value, caller))
    const customerId = parsed.data?.customer_id ?? caller.customerId
    if (faults.length > 0 || !parsed.success || customerId === null) return invalidRequest(faults)
    const { isKnown } = await profiles.find(customerId)
    if (!isKnown && caller.isKeyless !== true) {
      return invalidRequest([
        { pointer: '/customer_id', detail: 'must be a customer that there is' },
      ])
    }
    return { given: parsed.data, customerId }
  }

  async function put(
    customerId: number,
    optOuts: readonly OptOutKey[],
    source: OptOutSource,
    requestId: string,
  ): Promise<Response> {
    const added = await store.addOptOuts(customerId, optOuts, source)
    logger.info({
      event: 'opt_outs.added',
      request_id: requestId,
      customer_id: customerId,
      source,
      count: added,
    })
    return jsonResponse({ added })
  }

  async function add(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await read(exchange, caller, optOutKeySchema, keyBytesMax)
    if ('kind' in body) return body
    return await put(body.customerId, [keyOf(body.given)], 'api', exchange.requestId)
  }

  async function importAll(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await read(exchange, caller, optOutImportSchema, importBytesMax)
    if ('kind' in body) return body
    const optOuts = body.given.opt_outs.map(keyOf)
    return await put(body.customerId, optOuts, 'import', exchange.requestId)
  }

  async function remove(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await read(exchange, caller, optOutKeySchema, keyBytesMax)
    if ('kind' in body) return body
    const { customerId } = body
    const removed = (await store.removeOptOut(customerId, keyOf(body.given))) ? 1 : 0
    logger.info({
      event: 'opt_outs.removed',
      request_id: exchange.requestId,
      customer_id: customerId,
      count: removed,
    })
    return jsonResponse({ removed })
  }

  async function list({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const asked = parametersOf(request, caller, optOutParametersSchema)
    if ('kind' in asked) return asked
    const { cursor = '0', limit, phone = null } = asked.parameters
    const { shown, last } = await pageOf(limit, (count) =>
      store.listOptOuts(asked.customerId, phone, Number(cursor), count),
    )
    return jsonResponse({
      opt_outs: shown.map(toOptOutBody),
      next_cursor: last === undefined ? null : String(last.position),
    })
  }

  async function exportAll({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const asked = parametersOf(request, caller, exportParametersSchema)
    if ('kind' in asked) return asked
    const { format = 'ndjson' } = asked.parameters
    return new Response(streamOf(exportLines(store, asked.customerId, format)), {
      headers: { 'content-type': exportTypes[format] },
    })
  }

  return [
    {
      method: 'GET',
      path: optOutsPath,
      handle: forCallers(options, ['read'], list, searchTooLong),
    },
    { method: 'POST', path: optOutsPath, handle: forCallers(options, ['send'], add) },
    {
      method: 'POST',
      path: `${optOutsPath}/remove`,
      // What a person asked for is not undone with a key that is only made for sending.
      handle: forCallers(options, ['send', 'read'], remove),
    },
    {
      method: 'POST',
      path: `${optOutsPath}/import`,
      handle: forCallers(options, ['send'], importAll),
    },
    {
      method: 'GET',
      path: `${optOutsPath}/export`,
      handle: forCallers(options, ['read'], exportAll),
    },
  ]
}

export function keyOf(given: {
  readonly phone: string
  readonly sender_id?: string | null | undefined
}): OptOutKey {
  return { phone: given.phone, senderId: given.sender_id ?? null }
}

function parametersOf<T extends { customer_id?: string | undefined }>(
  request: Request,
  caller: Caller,
  schema: z.ZodType<T>,
): { readonly parameters: T; readonly customerId: number | null } | Problem {
  const { given, faults } = givenParameters(queryOf(request.url))
  const phone = given.get('phone')
  if (phone !== undefined) given.set('phone', unspacedPlus(phone))
  const parsed = schema.safeParse(Object.fromEntries(given))
  if (!parsed.success) faults.push(...parameterFaults(parsed.error))
  faults.push(...customerParameterFaults(given.get('customer_id'), caller))
  if (faults.length > 0 || !parsed.success) return invalidRequest(faults)
  const { customer_id } = parsed.data
  const named = customer_id === undefined ? null : Number(customer_id)
  return { parameters: parsed.data, customerId: caller.customerId ?? named }
}
