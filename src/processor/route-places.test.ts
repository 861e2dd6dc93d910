/** Over a real pool: who gets which messages while providers are well, full, failing, and back. */
import { describe, expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import { createProviderPool, type ReserveOptions } from '../providers/provider-pool.ts'
import { createRoutePlaces } from './route-places.ts'

const never = new AbortController().signal
const submission = { reference: 'r', recipient: '+1234567890', senderId: null, text: 'hi' }
const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
const refused: SubmitOutcome = { kind: 'unavailable', code: 'econnrefused', detail: '' }
const normal = { express: false } as const
const express = { express: true } as const

function setup(providers: readonly ProviderSettings[], waitingMax = 10) {
  let nowMs = 0
  const failing = new Set<string>()
  const clock = { now: () => nowMs, monotonicMs: () => nowMs }
  const pool = createProviderPool({
    providers,
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 2,
      openMs: 1_000,
      openMsMax: 8_000,
    },
    createDriver: ({ name }) => ({
      submit: async () => (failing.has(name) ? refused : taken),
      close: async () => undefined,
    }),
    clock,
    random: () => 0.5,
  })
  let reserves = 0
  const counted = {
    ...pool,
    mayAsk(wanted: ReserveOptions) {
      reserves++
      return pool.mayAsk(wanted)
    },
    reserveWithin(...rest: Parameters<typeof pool.reserveWithin>) {
      reserves++
      return pool.reserveWithin(...rest)
    },
  }
  const places = createRoutePlaces({ pool: counted, waitingMax, clock })
  async function send(ranks: readonly (readonly string[])[], count: number) {
    const counts: Record<string, number> = {}
    for (let message = 0; message < count; message++) {
      const place = await places.reserve({ ranks }, normal, 0, never)
      const name = place?.provider ?? 'none'
      counts[name] = (counts[name] ?? 0) + 1
      await place?.submit(submission, never)
    }
    return counts
  }
  return {
    pool,
    places,
    failing,
    send,
    reserves: () => reserves,
    advance: (byMs: number) => {
      nowMs += byMs
    },
  }
}

const three = [
  providerSettings('a', { weight: 100 }),
  providerSettings('b', { weight: 80 }),
  providerSettings('c', { weight: 60 }),
]

describe('places on a route', () => {
  test('those of one rank share 10,000 messages by their weights to within 1 %', async () => {
    const { send } = setup(three)
    const { a = 0, b = 0, c = 0 } = await send([['a', 'b', 'c']], 10_000)
    expect(Math.abs(a - 10_000 * (100 / 240))).toBeLessThan(100)
    expect(Math.abs(b - 10_000 * (80 / 240))).toBeLessThan(100)
    expect(Math.abs(c - 10_000 * (60 / 240))).toBeLessThan(100)
    // Of two, by the weights of these two.
    expect(await send([['a', 'c']], 1_600)).toEqual({ a: 1_000, c: 600 })
  })

  test('the first rank gets all; when it fails the next does, and it again when it is back', async () => {
    const { send, failing, advance } = setup(three)
    const ranks = [['c'], ['a', 'b']]
    expect(await send(ranks, 100)).toEqual({ c: 100 })
    failing.add('c')
    // The circuit opens at the second failure.
    expect(await send(ranks, 182)).toEqual({ c: 2, a: 100, b: 80 })
    failing.delete('c')
    advance(2_000)
    expect(await send(ranks, 100)).toEqual({ c: 100 })
  })

  test('nobody who is not on the route is asked, whatever fails', async () => {
    const { send, failing } = setup(three)
    for (const name of ['a', 'b']) failing.add(name)
    await send([['a'], ['b']], 4)
    expect(await send([['a'], ['b']], 10)).toEqual({ none: 10 })
    expect(await send([], 1)).toEqual({ none: 1 })
  })

  test('a place fits in the best rank that is well', async () => {
    const { send, failing, places } = setup(three)
    const route = { ranks: [['a'], ['b']] }
    const fitting = () => ['a', 'b', 'c'].filter((name) => places.fits(route, name, false))
    expect(fitting()).toEqual(['a'])
    failing.add('a')
    await send([['a']], 2)
    expect(fitting()).toEqual(['b'])
    failing.add('b')
    await send([['b']], 2)
    expect(fitting()).toEqual([])
  })

  test('a full one is waited for', async () => {
    const { places } = setup([providerSettings('a', { concurrencyMax: 1 }), providerSettings('b')])
    const held = await places.reserve({ ranks: [['a'], ['b']] }, normal, 0, never)
    const waiting = places.reserve({ ranks: [['a'], ['b']] }, normal, 60_000, never)
    held?.cancel()
    expect((await waiting)?.provider).toBe('a')
  })

  test('many that wait for a full one get their places in turn, and none is woken for nothing', async () => {
    const { places, pool, reserves } = setup(
      [providerSettings('a', { concurrencyMax: 2 }), providerSettings('b')],
      1_000,
    )
    const route = { ranks: [['a'], ['b']] }
    const first = await Promise.all([1, 2].map(() => places.reserve(route, express, 0, never)))
    const order: number[] = []
    const work = Array.from({ length: 200 }, async (_, index) => {
      const place = await places.reserve(route, express, 60_000, never)
      expect(place?.provider).toBe('a')
      order.push(index)
      await place?.submit(submission, never)
    })
    for (const place of first) place?.cancel()
    await Promise.all(work)
    expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index))
    expect(reserves()).toBeLessThan(1_000)
    expect(pool.status().every(({ inFlight }) => inFlight === 0)).toBe(true)
  })

  test('who waits for one that fails goes on to the next', async () => {
    const { places, failing } = setup([
      providerSettings('a', { concurrencyMax: 2 }),
      providerSettings('b', { concurrencyMax: 100 }),
    ])
    const route = { ranks: [['a'], ['b']] }
    const held = await Promise.all([1, 2].map(() => places.reserve(route, express, 0, never)))
    const waiting = Array.from({ length: 10 }, () => places.reserve(route, express, 60_000, never))
    failing.add('a')
    await Promise.all(held.map((place) => place?.submit(submission, never)))
    const found = await Promise.all(waiting)
    expect(found.map((place) => place?.provider)).toEqual(Array(10).fill('b'))
  })

  test('too many that wait, or the end of the wait: the next one gets it', async () => {
    const full = [providerSettings('a', { concurrencyMax: 1 }), providerSettings('b')]
    const route = { ranks: [['a'], ['b']] }
    const none = setup(full, 0)
    await none.places.reserve(route, normal, 0, never)
    expect((await none.places.reserve(route, normal, 60_000, never))?.provider).toBe('b')
    const { places } = setup(full)
    await places.reserve(route, normal, 0, never)
    expect((await places.reserve(route, normal, 0, never))?.provider).toBe('b')
  })

  test('nobody is asked for it any more when the process stops', async () => {
    const { places } = setup([providerSettings('a')])
    expect(await places.reserve({ ranks: [['a']] }, normal, 1_000, AbortSignal.abort())).toBeNull()
  })

  test('whoever was tried already is left out', async () => {
    const { places } = setup(three)
    const wanted = { express: false, exclude: new Set(['a']) }
    const place = await places.reserve({ ranks: [['a'], ['b']] }, wanted, 0, never)
    expect(place?.provider).toBe('b')
  })
})
