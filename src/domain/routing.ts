/**
 * Which providers a message may go to, and in which order: from what is configured of the providers and what is set for the
 * customer. Health is not known here: whoever submits takes the first that is well.
 */
import type { ClaimedMessage } from './message.ts'
import { createPrefixTable, type PrefixEntry } from './prefix-table.ts'
import { rankByKey } from './rendezvous.ts'

/**
 * `weighted`: all share by their weights. `least_cost`: the cheapest for the destination first. `priority`: the one with the lowest
 * number first.
 */
export const routingStrategies = ['weighted', 'least_cost', 'priority'] as const
export type RoutingStrategy = (typeof routingStrategies)[number]

/** `recipient`: of those that would share, the same recipient has the same one always. */
export const stickyModes = ['off', 'recipient'] as const
export type StickyMode = (typeof stickyModes)[number]

/** A customer's section of settings, named as in JSON, because it is stored so. */
export interface RoutingSettings {
  readonly strategy?: RoutingStrategy | undefined
  readonly sticky?: StickyMode | undefined
  /** No others. */
  readonly providers?: readonly string[] | undefined
  /** For messages that name no sender: the same recipient has the same one always. */
  readonly sender_pool?: readonly string[] | undefined
}

/** Where a provider's messages may go to, and what that costs. */
export interface DestinationRules {
  /** Beginnings of the numbers it takes; null: all. */
  readonly prefixes: readonly string[] | null
  /** Of those it does not take. The longer one of two that fit counts. */
  readonly prefixesDenied: readonly string[] | null
  /** Of a segment, in millionths; null: not known, and dearer than any. */
  readonly cost: number | null
  /** Of a segment to numbers that begin so, instead. */
  readonly costs: readonly PrefixEntry<number>[] | null
  /** The lowest is asked first. */
  readonly priority: number
}

export interface RouteProvider extends DestinationRules {
  readonly name: string
  readonly weight: number
}

/** Why a provider may not have a message. */
export type RouteObstacle =
  | { readonly kind: 'no_weight' }
  | { readonly kind: 'not_of_customer' }
  | { readonly kind: 'prefix_missing' }
  | { readonly kind: 'prefix_denied'; readonly prefix: string }

export interface CompiledProvider {
  readonly name: string
  readonly weight: number
  readonly priority: number
  costOf(recipient: string): number | null
  obstacle(recipient: string, routing: RoutingSettings | null): RouteObstacle | null
}

/** The rules of all providers, ready to be asked for every message. */
export interface RouteTable {
  readonly providers: readonly CompiledProvider[]
  /** Whether any of them does not take everything. */
  readonly hasRules: boolean
}

/**
 * Providers by rank: those of one rank share by their weights, and the next rank is for when none of them is well. Without any,
 * nobody may have the message.
 */
export interface Route {
  readonly ranks: readonly (readonly string[])[]
  /** Of a message that may be at a provider already: that provider, when the rules forbid it. It is not asked again. */
  readonly forbidden?: string
}

export interface RouteRequest {
  readonly recipient: string
  /** Null: nothing is set. */
  readonly routing: RoutingSettings | null
}

export function compileRoutes(providers: readonly RouteProvider[]): RouteTable {
  return {
    providers: providers.map(compileProvider),
    hasRules: providers.some(
      ({ prefixes, prefixesDenied }) => prefixes !== null || prefixesDenied !== null,
    ),
  }
}

function compileProvider(provider: RouteProvider): CompiledProvider {
  const { name, weight, priority, cost, prefixes, prefixesDenied } = provider
  const costs = createPrefixTable(provider.costs ?? [])
  const takesOthers = prefixes === null
  const destinations = createPrefixTable<boolean>([
    ...(prefixes ?? []).map((prefix) => ({ prefix, value: true })),
    ...(prefixesDenied ?? []).map((prefix) => ({ prefix, value: false })),
  ])
  return {
    name,
    weight,
    priority,
    costOf: (recipient) => costs.find(recipient)?.value ?? cost,
    obstacle(recipient, routing) {
      if (routing?.providers !== undefined && !routing.providers.includes(name))
        return notOfCustomer
      const found = destinations.find(recipient)
      if (found === null && !takesOthers) return prefixMissing
      if (found?.value === false) return { kind: 'prefix_denied', prefix: found.prefix }
      return weight > 0 ? null : noWeight
    },
  }
}

const noWeight: RouteObstacle = { kind: 'no_weight' }
const notOfCustomer: RouteObstacle = { kind: 'not_of_customer' }
const prefixMissing: RouteObstacle = { kind: 'prefix_missing' }

/** Whether what is set makes a difference to which providers a message goes to. */
export function choosesProviders(routing: RoutingSettings | null): routing is RoutingSettings {
  if (routing === null) return false
  const { strategy = 'weighted', sticky = 'off', providers } = routing
  return strategy !== 'weighted' || sticky !== 'off' || providers !== undefined
}

/** Whether any configured provider may have such a message. */
export function hasRoute({ providers }: RouteTable, { recipient, routing }: RouteRequest): boolean {
  return providers.some((provider) => provider.obstacle(recipient, routing) === null)
}

/** Whether the provider is configured and the rules keep the message from it; weight, which is no rule of destinations, does not count. */
export function forbids(
  { providers }: RouteTable,
  name: string,
  { recipient, routing }: RouteRequest,
): boolean {
  const kind = providers
    .find((provider) => provider.name === name)
    ?.obstacle(recipient, routing)?.kind
  return kind !== undefined && kind !== 'no_weight'
}

/** The provider that may have the message already and is asked first; null when there is none, or the rules forbid it. */
export function holderOf(
  { inDoubtProvider }: Pick<ClaimedMessage, 'inDoubtProvider'>,
  route: Route | null | undefined,
): string | null {
  return inDoubtProvider !== null && inDoubtProvider === route?.forbidden ? null : inDoubtProvider
}

/** @param isOut providers that are out of service, whatever the rules say */
export function planRoute(
  table: RouteTable,
  { recipient, routing }: RouteRequest,
  isOut: (provider: string) => boolean = nobody,
): Route {
  const allowed = table.providers.filter(
    (provider) => provider.obstacle(recipient, routing) === null && !isOut(provider.name),
  )
  const { strategy = 'weighted', sticky = 'off' } = routing ?? {}
  const ranks = byRank(allowed, (provider) => rankValue(provider, strategy, recipient))
  if (sticky === 'off') return { ranks: ranks.map((rank) => rank.map(({ name }) => name)) }
  return {
    ranks: ranks.flatMap((rank) => rankByKey(recipient, rank).map(({ name }) => [name])),
  }
}

const nobody = (): boolean => false

function rankValue(
  provider: CompiledProvider,
  strategy: RoutingStrategy,
  recipient: string,
): number {
  switch (strategy) {
    case 'weighted':
      return 0
    case 'least_cost':
      return provider.costOf(recipient) ?? Number.POSITIVE_INFINITY
    case 'priority':
      return provider.priority
    default:
      return strategy satisfies never
  }
}

/** The lowest value first; those of one value together. */
function byRank<T>(items: readonly T[], rankOf: (item: T) => number): T[][] {
  const ranks = new Map<number, T[]>()
  for (const item of items) {
    const value = rankOf(item)
    const rank = ranks.get(value)
    if (rank === undefined) ranks.set(value, [item])
    else rank.push(item)
  }
  return [...ranks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rank]) => rank)
}
