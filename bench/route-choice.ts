/** `bun bench/route-choice.ts`: what choosing a route costs a message, beside the choice by weights alone. */
import {
  compileRoutes,
  planRoute,
  type RouteProvider,
  type RoutingSettings,
} from '../src/domain/routing.ts'
import { pickWeighted } from '../src/domain/weighted-choice.ts'

const rounds = 300_000
const recipients = Array.from({ length: 1_000 }, (_, index) => `+4915112${10_000 + index}`)

function providersOf(count: number, prefixesEach: number): RouteProvider[] {
  const prefixes = Array.from({ length: prefixesEach }, (_, index) => `+4915${index}`)
  return Array.from({ length: count }, (_, index) => ({
    name: `provider-${index}`,
    weight: 100 - index,
    prefixes: prefixesEach === 0 ? null : ['+49', ...prefixes],
    prefixesDenied: null,
    cost: 10_000 + index,
    costs: null,
    priority: 1 + (index % 3),
  }))
}

function measure(what: string, run: (recipient: string) => unknown): void {
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now()
    for (let round = 0; round < rounds; round++) run(recipients[round % 1_000] ?? '')
    return ((performance.now() - startedAt) * 1_000) / rounds
  })
  console.log(
    `${what.padEnd(52)} ${Math.min(...times)
      .toFixed(2)
      .padStart(7)} µs a message`,
  )
}

const settings: readonly RoutingSettings[] = [
  { strategy: 'weighted' },
  { strategy: 'least_cost' },
  { sticky: 'recipient' },
]

const candidates = providersOf(3, 0).map(({ weight }) => ({ weight, credit: 0 }))
measure('no route: the choice by weights, 3 providers', () => pickWeighted(candidates))
for (const [count, prefixes] of [
  [3, 0],
  [3, 1_000],
  [64, 1_000],
] as const) {
  const table = compileRoutes(providersOf(count, prefixes))
  for (const routing of settings) {
    const name = routing.sticky === undefined ? routing.strategy : 'sticky'
    measure(`${name}, ${count} providers of ${prefixes} prefixes`, (recipient) =>
      planRoute(table, { recipient, routing }),
    )
  }
}
