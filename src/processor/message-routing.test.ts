import { describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { ClaimedMessage } from '../domain/message.ts'
import { compileRoutes, type RoutingSettings } from '../domain/routing.ts'
import type { Reservation } from '../providers/provider-pool.ts'
import { createMessageRouting } from './message-routing.ts'
import { createProcessorMetrics } from './processor-metrics.ts'

type Settings = RoutingSettings | null | Promise<RoutingSettings | null>

interface Scenario {
  readonly providers?: Parameters<typeof compileRoutes>[0]
  /** Of the customers; null: it is not used. */
  readonly settings?: Readonly<Record<number, Settings>> | null
  /** The clock moves on by this at every look. */
  readonly stepMs?: number
}

const anywhere = [providerSettings('a'), providerSettings('b', { priority: 2 })]
const german = [providerSettings('a'), providerSettings('b', { prefixes: ['+49'] })]

function setup({ providers = anywhere, settings = null, stepMs = 0 }: Scenario) {
  const metrics = createProcessorMetrics(new Registry())
  const asked: number[] = []
  let nowMs = 0
  const routing = createMessageRouting({
    pool: { routes: compileRoutes(providers) },
    customers: {
      isUsed: settings !== null,
      find(customerId) {
        asked.push(customerId)
        return settings?.[customerId] ?? null
      },
    },
    places: {
      fits: ({ ranks }, provider) => ranks[0]?.includes(provider) ?? false,
      reserve: async () => null,
    },
    findMsMax: 1_000,
    metrics,
    logger: pino({ level: 'silent' }),
    clock: {
      monotonicMs: () => {
        nowMs += stepMs
        return nowMs
      },
    },
  })
  return { routing, asked, metrics }
}

function message(id: string, changes: Partial<ClaimedMessage> = {}): ClaimedMessage {
  return {
    id,
    customerId: 1,
    lane: 'normal',
    recipient: '+491511234567',
    senderId: null,
    text: 'hi',
    attempt: 1,
    claimToken: '1',
    provider: 'a',
    inDoubtProvider: null,
    traceparent: null,
    ...changes,
  }
}

function place(provider: string) {
  let canceled = 0
  const reservation: Reservation = {
    provider,
    inDoubt: 'resend',
    submit: () => Promise.reject(new Error('nothing is submitted here')),
    cancel: () => {
      canceled++
    },
  }
  return { reservation, canceled: () => canceled }
}

describe('finding routes', () => {
  test('without rules and settings there is nothing to find, and nobody is asked', () => {
    const { routing, asked } = setup({})
    expect(routing.find([message('m')])).toBeNull()
    expect(asked).toEqual([])
  })

  test('with rules alone it is known at once', () => {
    const { routing, asked } = setup({ providers: german })
    const found = routing.find([message('m'), message('n', { recipient: '+12025550123' })])
    expect(found).toEqual(
      new Map([
        ['m', { ranks: [['a', 'b']] }],
        ['n', { ranks: [['a']] }],
      ]),
    )
    expect(asked).toEqual([])
  })

  test('each customer is asked about once, and whoever has set nothing goes anywhere', async () => {
    const { routing, asked } = setup({
      settings: { 1: { strategy: 'priority' }, 2: Promise.resolve({ providers: ['b'] }), 3: null },
    })
    const found = await routing.find([
      message('m'),
      message('n', { customerId: 2 }),
      message('o', { customerId: 3 }),
      message('p'),
    ])
    expect(found).toEqual(
      new Map([
        ['m', { ranks: [['a'], ['b']] }],
        ['n', { ranks: [['b']] }],
        ['p', { ranks: [['a'], ['b']] }],
      ]),
    )
    expect(asked).toEqual([1, 2, 3])
  })

  test('what cannot be read, or takes too long for the claim, is not guessed', async () => {
    const failing = Promise.reject(new Error('the server is away'))
    expect(await setup({ settings: { 1: failing } }).routing.find([message('m')])).toBeUndefined()
    const slow = setup({ settings: { 1: null }, stepMs: 1_001 })
    expect(await slow.routing.find([message('m')])).toBeUndefined()
  })
})

describe('the place of a message', () => {
  const routes = new Map([['m', { ranks: [['b']] }]])

  test('is used where it may go, and given back where not', async () => {
    const { routing, metrics } = setup({})
    const [here, there] = [place('b'), place('a')]
    expect(routing.usable(message('m'), here.reservation, routes)).toBe(here.reservation)
    expect(routing.usable(message('m'), there.reservation, routes)).toBeNull()
    expect([here.canceled(), there.canceled()]).toEqual([0, 1])
    const moved = (await metrics.routed.get()).values.find(
      ({ labels }) => labels.result === 'moved' && labels.lane === 'normal',
    )
    expect(moved?.value).toBe(1)
  })

  test('is used by who may go anywhere, and by who is in doubt', () => {
    const { routing } = setup({})
    const { reservation, canceled } = place('a')
    expect(routing.usable(message('n'), reservation, routes)).toBe(reservation)
    expect(routing.usable(message('n'), reservation, null)).toBe(reservation)
    const inDoubt = message('m', { inDoubtProvider: 'a' })
    expect(routing.usable(inDoubt, reservation, routes)).toBe(reservation)
    expect(canceled()).toBe(0)
  })

  test('is given back when the routes are not known', () => {
    const { reservation, canceled } = place('a')
    expect(setup({}).routing.usable(message('m'), reservation, undefined)).toBeNull()
    expect(canceled()).toBe(1)
  })
})
