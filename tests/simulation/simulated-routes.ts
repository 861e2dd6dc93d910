/** Rules of destinations and settings of customers, in every second seed: what is routed must never arrive elsewhere. */
import { type CustomerProfile, unknownCustomer } from '../../src/domain/customer-settings.ts'
import type { RoutingSettings } from '../../src/domain/routing.ts'

export interface SimulatedRoutes {
  /** Of a provider, by its place. */
  readonly prefixes: readonly (readonly string[] | null)[]
  readonly settings: ReadonlyMap<number, RoutingSettings>
  /** A recipient tells of which customer its message is. */
  readonly submits: readonly { readonly phone: string; readonly customer_id: number }[]
}

export const providerNames = ['a', 'b', 'c'] as const

const unrouted: SimulatedRoutes = {
  prefixes: [null, null, null],
  settings: new Map(),
  submits: [{ phone: '+1234567890', customer_id: 1 }],
}

const routed: SimulatedRoutes = {
  prefixes: [['+1'], null, null],
  settings: new Map<number, RoutingSettings>([
    [2, { sticky: 'recipient' }],
    [3, { strategy: 'priority', providers: ['c', 'a'] }],
  ]),
  submits: [
    { phone: '+1234567890', customer_id: 1 },
    { phone: '+491511234567', customer_id: 1 },
    { phone: '+12025550123', customer_id: 2 },
    { phone: '+12025550199', customer_id: 3 },
    { phone: '+436641234567', customer_id: 3 },
  ],
}

/** Without chance, so that the other seeds run as they did. */
export function routesOf(seed: number): SimulatedRoutes {
  return seed % 2 === 0 ? routed : unrouted
}

export function profilesOf({ settings }: SimulatedRoutes, ids: readonly number[]) {
  const profiles = new Map<number, CustomerProfile>()
  for (const id of ids) {
    const routing = settings.get(id)
    if (routing !== undefined)
      profiles.set(id, { ...unknownCustomer(id), isKnown: true, settings: { routing } })
  }
  return profiles
}

/** By the letter of the rules. */
export function mayHave(routes: SimulatedRoutes, provider: string, recipient: string): boolean {
  const place = (providerNames as readonly string[]).indexOf(provider)
  const submit = routes.submits.find(({ phone }) => phone === recipient)
  const chosen = routes.settings.get(submit?.customer_id ?? 0)?.providers
  const prefixes = routes.prefixes[place] ?? null
  const takes = prefixes === null || prefixes.some((prefix) => recipient.startsWith(prefix))
  return takes && (chosen === undefined || chosen.includes(provider))
}
