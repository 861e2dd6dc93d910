import { describe, expect, test } from 'bun:test'
import {
  choosesProviders,
  compileRoutes,
  forbids,
  hasRoute,
  holderOf,
  planRoute,
  type RouteProvider,
  type RoutingSettings,
  routingStrategies,
  stickyModes,
} from './routing.ts'

function provider(name: string, changes: Partial<RouteProvider> = {}): RouteProvider {
  return {
    name,
    weight: 1,
    prefixes: null,
    prefixesDenied: null,
    cost: null,
    costs: null,
    priority: 1,
    ...changes,
  }
}

const german = '+491511234567'
const routesTo = (
  recipient: string,
  providers: readonly RouteProvider[],
  routing: RoutingSettings | null = null,
) => planRoute(compileRoutes(providers), { recipient, routing }).ranks

describe('what a provider takes', () => {
  test('is all without prefixes, and only those that fit with some', () => {
    const providers = [provider('all'), provider('de', { prefixes: ['+49', '+43'] })]
    expect(routesTo(german, providers)).toEqual([['all', 'de']])
    expect(routesTo('+12025550123', providers)).toEqual([['all']])
    expect(routesTo('+12025550123', providers.slice(1))).toEqual([])
  })

  test('is nothing denied, where the longer of two prefixes counts', () => {
    const inside = provider('a', { prefixes: ['+49'], prefixesDenied: ['+49151'] })
    const outside = provider('b', { prefixes: ['+491511'], prefixesDenied: ['+49'] })
    const others = provider('c', { prefixesDenied: ['+49'] })
    expect(routesTo(german, [inside, outside, others])).toEqual([['b']])
    expect(routesTo('+493012345', [inside, outside, others])).toEqual([['a']])
    expect(routesTo('+12025550123', [inside, outside, others])).toEqual([['c']])
  })

  test('is nothing without a weight, and nothing of a customer who has others', () => {
    const providers = [provider('a', { weight: 0 }), provider('b'), provider('c')]
    expect(routesTo(german, providers, { providers: ['a', 'c', 'gone'] })).toEqual([['c']])
    expect(routesTo(german, providers, { providers: ['a', 'gone'] })).toEqual([])
  })

  test('has rules when any has prefixes', () => {
    expect(compileRoutes([provider('a', { cost: 1, priority: 2 })]).hasRules).toBe(false)
    expect(compileRoutes([provider('a'), provider('b', { prefixes: ['+1'] })]).hasRules).toBe(true)
    expect(compileRoutes([provider('a', { prefixesDenied: ['+1'] })]).hasRules).toBe(true)
  })
})

describe('strategies', () => {
  const providers = [
    provider('dear', { cost: 90, priority: 1 }),
    provider('cheap', { cost: 80, costs: [{ prefix: '+49', value: 20 }], priority: 3 }),
    provider('same', { cost: 20, costs: [{ prefix: '+1', value: 100 }], priority: 2 }),
    provider('unknown', { priority: 2 }),
  ]

  test('weighted: all share', () => {
    expect(routesTo(german, providers, { strategy: 'weighted' })).toEqual([
      ['dear', 'cheap', 'same', 'unknown'],
    ])
  })

  test('least cost: by what the destination costs; equal ones share, unknown ones are last', () => {
    const routing = { strategy: 'least_cost' } as const
    expect(routesTo(german, providers, routing)).toEqual([['cheap', 'same'], ['dear'], ['unknown']])
    expect(routesTo('+12025550123', providers, routing)).toEqual([
      ['cheap'],
      ['dear'],
      ['same'],
      ['unknown'],
    ])
  })

  test('priority: the lowest number first', () => {
    const routing = { strategy: 'priority' } as const
    expect(routesTo(german, providers, routing)).toEqual([['dear'], ['same', 'unknown'], ['cheap']])
  })

  test('sticky: one a rank, in an order of the recipient that keeps to the strategy', () => {
    const orders = new Set<string>()
    for (let index = 0; index < 200; index++) {
      const routing = { strategy: 'least_cost', sticky: 'recipient' } as const
      const ranks = routesTo(`+491511${100_000 + index}`, providers, routing)
      expect(ranks.every((rank) => rank.length === 1)).toBe(true)
      const names = ranks.flat()
      expect(names.slice(2)).toEqual(['dear', 'unknown'])
      orders.add(names.join())
    }
    expect(orders.size).toBe(2)
  })

  test('who is out of service is left out', () => {
    const table = compileRoutes(providers)
    const request = { recipient: german, routing: { strategy: 'priority' } } as const
    const route = planRoute(table, request, (name) => name === 'dear')
    expect(route.ranks).toEqual([['same', 'unknown'], ['cheap']])
  })
})

test('settings that only name senders choose no providers', () => {
  expect(choosesProviders(null)).toBe(false)
  expect(choosesProviders({})).toBe(false)
  expect(choosesProviders({ strategy: 'weighted', sticky: 'off', sender_pool: ['A'] })).toBe(false)
  expect(choosesProviders({ strategy: 'priority' })).toBe(true)
  expect(choosesProviders({ sticky: 'recipient' })).toBe(true)
  expect(choosesProviders({ providers: ['a'] })).toBe(true)
})

describe('of any providers and settings', () => {
  const random = generator(7)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const prefixes = ['+1', '+4', '+49', '+491', '+4915', '+43', '+44', '+7']
  const some = <T>(items: readonly T[]): T[] | null => {
    const chosen = items.filter(() => random() < 0.3)
    return chosen.length === 0 ? null : chosen
  }

  /** By the letter, another way than the table's. */
  function takes({ weight, prefixes, prefixesDenied }: RouteProvider, recipient: string): boolean {
    const fitting = (given: readonly string[] | null) =>
      Math.max(-1, ...(given ?? []).filter((p) => recipient.startsWith(p)).map((p) => p.length))
    const [allowed, denied] = [fitting(prefixes), fitting(prefixesDenied)]
    if (weight === 0) return false
    if (allowed === -1 && denied === -1) return prefixes === null
    return allowed > denied
  }

  test('a route has just those that may have the message, best first, and never another', () => {
    for (let round = 0; round < 3_000; round++) {
      const providers = ['a', 'b', 'c', 'd'].map((name) => {
        const allowed = some(prefixes)
        return provider(name, {
          weight: pick([0, 1, 80]),
          prefixes: allowed,
          prefixesDenied: some(prefixes.filter((prefix) => allowed?.includes(prefix) !== true)),
          cost: pick([null, 1, 2, 3]),
          costs: some(prefixes)?.map((prefix) => ({ prefix, value: pick([1, 2, 3]) })) ?? null,
          priority: pick([1, 2, 3]),
        })
      })
      const routing = pick<RoutingSettings | null>([
        null,
        {
          strategy: pick(routingStrategies),
          sticky: pick(stickyModes),
          providers: some(['a', 'b', 'c', 'd']) ?? undefined,
        },
      ])
      const recipient = `${pick(prefixes)}${Math.floor(1e8 + random() * 1e8)}`
      const table = compileRoutes(providers)
      const { ranks } = planRoute(table, { recipient, routing })
      const names = ranks.flat()
      const expected = providers
        .filter((each) => takes(each, recipient))
        .map(({ name }) => name)
        .filter((name) => routing?.providers?.includes(name) ?? true)
      expect(names.toSorted()).toEqual(expected)
      expect(hasRoute(table, { recipient, routing })).toBe(expected.length > 0)
      const rankOf = (name: string): number => {
        const found = table.providers.find((each) => each.name === name)
        if (routing?.strategy === 'priority') return found?.priority ?? 0
        if (routing?.strategy !== 'least_cost') return 0
        return found?.costOf(recipient) ?? Number.POSITIVE_INFINITY
      }
      const values = names.map(rankOf)
      expect(values).toEqual(values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
    }
  })
})

/** The same numbers at every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('a provider that may have the message already', () => {
  const table = compileRoutes([
    provider('a'),
    provider('us', { prefixes: ['+1'] }),
    provider('drained', { weight: 0 }),
    provider('us drained', { weight: 0, prefixes: ['+1'] }),
  ])
  const isForbidden = (name: string, routing: RoutingSettings | null = null) =>
    forbids(table, name, { recipient: german, routing })

  test('is forbidden by where the message goes and by what its customer chose, not by its weight', () => {
    expect(isForbidden('a')).toBe(false)
    expect(isForbidden('us')).toBe(true)
    expect(isForbidden('a', { providers: ['us'] })).toBe(true)
    expect(isForbidden('drained')).toBe(false)
    expect(isForbidden('us drained')).toBe(true)
    expect(isForbidden('gone')).toBe(false)
  })

  test('is asked first unless it is forbidden', () => {
    const ranks = [['a']]
    expect(holderOf({ inDoubtProvider: null }, { ranks })).toBeNull()
    expect(holderOf({ inDoubtProvider: 'us' }, null)).toBe('us')
    expect(holderOf({ inDoubtProvider: 'us' }, { ranks })).toBe('us')
    expect(holderOf({ inDoubtProvider: 'us' }, { ranks, forbidden: 'us' })).toBeNull()
  })
})
