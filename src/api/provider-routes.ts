/** Taking providers out of service and back in, for all processes at once. For administration only. */
import type { Act, Actor } from '../domain/audit.ts'
import { type ProviderOrder, providerOrders } from '../domain/provider-mode.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ProviderControl } from '../store/provider-controls.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import type { Problem } from './problems.ts'
import { type ProviderBody, providerOrderSchema, providerWeightSchema } from './provider-schemas.ts'
import { type ReadJson, readOptionalJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'

export type ListedProvider = Pick<ProviderSettings, 'name' | 'weight'>

export interface ProviderRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  /** Those configured now. */
  readonly providers: () => readonly ListedProvider[]
  readonly store: Pick<Store, 'listProviderControls' | 'recorded'>
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const providersPath = '/api/v1/providers'

/** Longest body of an order: its note escaped at six characters each, and room for the rest. */
const orderBytesMax = 2_048

export function providerRoutes(options: ProviderRoutesOptions): Route[] {
  const { providers, store, readJson, logger } = options

  async function list(): Promise<Response> {
    const shown = toProviderBodies(providers(), await store.listProviderControls())
    return jsonResponse({ providers: shown })
  }

  async function order(
    { request, requestId, param }: Exchange,
    by: Actor,
    mode: (typeof providerOrders)[ProviderOrder],
  ): Promise<Response | Problem> {
    const provider = providers().find(({ name }) => name === param('name'))
    if (provider === undefined) return providerNotFound(providers())
    const body = await readOptionalJson(readJson, request, orderBytesMax)
    if (!body.ok) return body.failure.problem
    const parsed = providerOrderSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const control = await store.recorded(
      by,
      (changes) => changes.setProviderControl(provider.name, mode, parsed.data.note ?? null),
      orderAct,
    )
    logger.info({
      event: 'provider.ordered',
      request_id: requestId,
      provider: provider.name,
      mode,
    })
    return jsonResponse(toProviderBody(provider, control))
  }

  async function weigh(
    { request, requestId, param }: Exchange,
    by: Actor,
  ): Promise<Response | Problem> {
    const provider = providers().find(({ name }) => name === param('name'))
    if (provider === undefined) return providerNotFound(providers())
    const body = await readJson(request, { bytesMax: orderBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = providerWeightSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { weight } = parsed.data
    const control = await store.recorded(
      by,
      (changes) => changes.setProviderWeight(provider.name, weight),
      weightAct,
    )
    logger.info({
      event: 'provider.weighed',
      request_id: requestId,
      provider: provider.name,
      weight,
    })
    return jsonResponse(toProviderBody(provider, control))
  }

  const orders = Object.entries(providerOrders).map(
    ([word, mode]): Route => ({
      method: 'POST',
      path: `${providersPath}/:name/${word}`,
      handle: forAdmins(options, (exchange, by) => order(exchange, by, mode)),
    }),
  )
  return [
    { method: 'GET', path: providersPath, handle: forAdmins(options, list) },
    ...orders,
    { method: 'PUT', path: `${providersPath}/:name/weight`, handle: forAdmins(options, weigh) },
  ]
}

/** For the audit log. */
export function orderAct({ provider, mode }: ProviderControl): Act {
  return { action: 'provider.ordered', target: provider, detail: { mode } }
}

/** For the audit log. */
export function weightAct({ provider, weight }: ProviderControl): Act {
  return { action: 'provider.weighed', target: provider, detail: { weight } }
}

/** In the order of `providers`; modes of others are left out. */
export function toProviderBodies(
  providers: readonly ListedProvider[],
  controls: readonly ProviderControl[],
): ProviderBody[] {
  const byName = new Map(controls.map((control) => [control.provider, control]))
  return providers.map((provider) => toProviderBody(provider, byName.get(provider.name)))
}

function toProviderBody(
  { name, weight }: ListedProvider,
  control: ProviderControl | undefined,
): ProviderBody {
  return {
    name,
    weight: control?.weight ?? weight,
    weight_configured: weight,
    mode: control?.mode ?? 'enabled',
    note: control?.note ?? null,
    changed_at: control?.changedAt.toISOString() ?? null,
  }
}

function providerNotFound(providers: readonly ListedProvider[]): Problem {
  const known = providers.map(({ name }) => name).join(', ')
  return { kind: 'provider-not-found', detail: `There are: ${known}.` }
}
