/** Which route a message would take, and why, without sending it. For administration only: it shows what providers cost. */
import { costText } from '../domain/cost.ts'
import { type CustomerProfile, unknownCustomer } from '../domain/customer-settings.ts'
import { type ProviderMode, withWeights } from '../domain/provider-mode.ts'
import { explainRoute } from '../domain/route-explanation.ts'
import { compileRoutes, type RouteProvider } from '../domain/routing.ts'
import type { ProviderControl } from '../store/provider-controls.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import type { Fault, Problem } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { pooledSender } from './routing-of-submit.ts'
import { type RoutePreviewBody, routePreviewSchema } from './routing-schemas.ts'
import type { AddressCheck } from './submit-candidate.ts'

export interface RoutingRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  /** Those configured now. */
  readonly providers: () => readonly RouteProvider[]
  readonly addressCheck: AddressCheck
  readonly senderIdDefault: string | null
  readonly store: Pick<Store, 'findCustomerProfiles' | 'listProviderControls'>
  readonly readJson: ReadJson
}

export const routePreviewPath = '/api/v1/routes/preview'

const previewBytesMax = 2_048

export function routingRoutes(options: RoutingRoutesOptions): Route[] {
  const { store, readJson } = options

  async function preview({ request }: Exchange): Promise<Response | Problem> {
    const body = await readJson(request, { bytesMax: previewBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = routePreviewSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { customer_id = null } = parsed.data
    const shown = previewRoute({
      ...options,
      providers: options.providers(),
      controls: await store.listProviderControls(),
      profile: await findProfile(store, customer_id),
      message: parsed.data,
    })
    return Array.isArray(shown) ? invalidRequest(shown) : jsonResponse(shown)
  }

  return [{ method: 'POST', path: routePreviewPath, handle: forAdmins(options, preview) }]
}

/** As it is now. @param customerId null: nobody's */
export async function findProfile(
  store: Pick<Store, 'findCustomerProfiles'>,
  customerId: number | null,
): Promise<CustomerProfile> {
  if (customerId === null) return unknownCustomer(0)
  const profiles = await store.findCustomerProfiles([customerId])
  return profiles.get(customerId) ?? unknownCustomer(customerId)
}

export interface PreviewedMessage {
  /** As configured; `controls` may have other weights for them. */
  readonly providers: readonly RouteProvider[]
  readonly controls: readonly ProviderControl[]
  readonly profile: CustomerProfile
  readonly addressCheck: AddressCheck
  readonly senderIdDefault: string | null
  readonly message: { readonly phone: string; readonly sender_id?: string | undefined }
}

/** Or what is wrong with its addresses, as when it is submitted. */
export function previewRoute(previewed: PreviewedMessage): RoutePreviewBody | Fault[] {
  const { profile, addressCheck, senderIdDefault, message } = previewed
  const { phone, sender_id } = message
  const faults: Fault[] = []
  const submit = { phone, ...(sender_id === undefined ? {} : { sender_id }) }
  addressCheck({ submit, profile, pointer: '' }, faults)
  if (faults.length > 0) return faults
  const modes = new Map<string, ProviderMode>()
  const weights = new Map<string, number>()
  for (const control of previewed.controls) {
    modes.set(control.provider, control.mode)
    if (control.weight !== null) weights.set(control.provider, control.weight)
  }
  const { routing = null } = profile.settings
  const recipient = submit.phone
  const { provider, candidates, reasons } = explainRoute(
    compileRoutes(withWeights(previewed.providers, weights)),
    { recipient, routing },
    (name) => modes.get(name) ?? 'enabled',
  )
  return {
    strategy: routing?.strategy ?? 'weighted',
    sticky: routing?.sticky ?? 'off',
    provider,
    sender_id: submit.sender_id ?? pooledSender(recipient, profile.settings) ?? senderIdDefault,
    reasons: [...reasons],
    candidates: candidates.map(({ whyNot, cost, ...rest }) => ({
      ...rest,
      why_not: whyNot,
      cost: cost === null ? null : costText(cost),
    })),
  }
}
