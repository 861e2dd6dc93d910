/** A route in words, for a dry run: who would get a message, who would not, and why. */
import { costText } from './cost.ts'
import type { ProviderMode } from './provider-mode.ts'
import {
  hasRoute,
  planRoute,
  type RouteObstacle,
  type RouteRequest,
  type RouteTable,
} from './routing.ts'

export interface RouteCandidate {
  readonly provider: string
  /** Whether it may have the message now, for all that is configured and ordered. */
  readonly allowed: boolean
  readonly whyNot: string | null
  readonly mode: ProviderMode
  readonly weight: number
  readonly priority: number
  /** Of a segment to this number, in millionths. */
  readonly cost: number | null
  /** From 1: the lowest is asked first, and those of the same share by their weights. Null: never. */
  readonly rank: number | null
}

export interface ExplainedRoute {
  /** Null when several share, or none may have it. */
  readonly provider: string | null
  /** In the order of the configuration. */
  readonly candidates: readonly RouteCandidate[]
  readonly reasons: readonly string[]
}

/** Health is not looked at: it is that of each process. */
export function explainRoute(
  table: RouteTable,
  request: RouteRequest,
  modeOf: (provider: string) => ProviderMode,
): ExplainedRoute {
  const { ranks } = planRoute(table, request, (provider) => modeOf(provider) !== 'enabled')
  const candidates = table.providers.map((provider): RouteCandidate => {
    const { name, weight, priority } = provider
    const obstacle = provider.obstacle(request.recipient, request.routing)
    const mode = modeOf(name)
    const rank = ranks.findIndex((names) => names.includes(name))
    const outOfService = mode === 'enabled' ? null : `it is ${mode}`
    return {
      provider: name,
      allowed: rank >= 0,
      whyNot: obstacle === null ? outOfService : obstacleText(obstacle),
      mode,
      weight,
      priority,
      cost: provider.costOf(request.recipient),
      rank: rank < 0 ? null : rank + 1,
    }
  })
  const [first = []] = ranks
  return {
    provider: first.length === 1 ? (first[0] ?? null) : null,
    candidates,
    reasons: reasonsFor(table, request, ranks, candidates),
  }
}

function obstacleText(obstacle: RouteObstacle): string {
  switch (obstacle.kind) {
    case 'no_weight':
      return 'its weight is 0'
    case 'not_of_customer':
      return "it is not among the customer's providers"
    case 'prefix_missing':
      return 'none of its prefixes fits the number'
    case 'prefix_denied':
      return `it does not take numbers that begin with ${obstacle.prefix}`
    default:
      return obstacle satisfies never
  }
}

function reasonsFor(
  table: RouteTable,
  request: RouteRequest,
  ranks: readonly (readonly string[])[],
  candidates: readonly RouteCandidate[],
): string[] {
  const [first, ...rest] = ranks
  if (first === undefined) return [withoutRoute(hasRoute(table, request))]
  const { routing } = request
  const { strategy = 'weighted', sticky = 'off' } = routing ?? {}
  const reasons: string[] = []
  const best = candidates.find(({ rank }) => rank === 1)
  if (strategy === 'least_cost') {
    const cost = best?.cost ?? null
    reasons.push(
      cost === null
        ? 'least_cost: no cost is known of any that may have it'
        : `least_cost: ${costText(cost)} a segment is the least for this number`,
    )
  } else if (strategy === 'priority') {
    reasons.push(`priority: ${best?.priority} is the lowest of those that may have it`)
  }
  if (sticky === 'recipient') reasons.push('sticky: this recipient always has the same one')
  const names = first.join(', ')
  reasons.push(first.length === 1 ? `${names} gets it` : `${names} share by their weights`)
  if (rest.length > 0) {
    const others = rest.map((rank) => rank.join(' or ')).join(', then ')
    reasons.push(`when that fails: ${others}`)
  }
  return reasons
}

function withoutRoute(isWaiting: boolean): string {
  return isWaiting
    ? 'every provider that may have it is out of service: it waits'
    : 'no provider may have it: it is refused'
}
