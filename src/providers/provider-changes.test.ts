/** Providers and their modes change while messages are under way. */

import { describe, expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from './provider.ts'
import { createProviderPool } from './provider-pool.ts'

const never = new AbortController().signal
const submission = { reference: 'r', recipient: '+1234567890', senderId: null, text: 'hi' }
const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
const refused: SubmitOutcome = { kind: 'unavailable', code: 'econnrefused', detail: '' }
const normal = { express: false } as const

/** Submits stay out until they are answered, by the address they went to. */
function setup(providers: ProviderSettings[]) {
  const out: { url: string; answer: (outcome: SubmitOutcome) => void }[] = []
  const closed: string[] = []
  const pool = createProviderPool({
    providers,
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 2,
      openMs: 1_000,
      openMsMax: 8_000,
    },
    createDriver: ({ url }) => ({
      submit: () => new Promise((answer) => out.push({ url, answer })),
      close: async () => void closed.push(url),
    }),
    clock: { now: () => 0, monotonicMs: () => 0 },
    random: () => 0.5,
  })
  const submit = (options: Parameters<typeof pool.reserve>[0] = normal) =>
    pool.reserve(options)?.submit(submission, never)
  const answerAll = async (
    outcome: SubmitOutcome,
    ...submits: (Promise<unknown> | undefined)[]
  ) => {
    for (const { answer } of out.splice(0)) answer(outcome)
    await Promise.all(submits)
  }
  const split = (count: number) => {
    const counts: Record<string, number> = {}
    for (let message = 0; message < count; message++) {
      const place = pool.reserve(normal)
      if (place === null) break
      counts[place.provider] = (counts[place.provider] ?? 0) + 1
      place.cancel()
    }
    return counts
  }
  return { pool, out, closed, submit, answerAll, split }
}

describe('a change of providers', () => {
  test('a removed one gets nothing new; what is under way there ends, and its driver closes after it', async () => {
    const { pool, out, closed, submit, answerAll, split } = setup([providerSettings('a')])
    const underWay = submit()
    pool.change([providerSettings('b')])
    expect([pool.has('a'), pool.has('b')]).toEqual([false, true])
    expect(split(10)).toEqual({ b: 10 })
    expect(pool.reserve({ express: false, only: 'a' })).toBeNull()
    expect(pool.status()).toMatchObject([
      { name: 'a', inFlight: 1 },
      { name: 'b', inFlight: 0 },
    ])
    expect(closed).toEqual([])
    expect(out.map(({ url }) => url)).toEqual(['http://a.example/'])
    await answerAll(taken, underWay)
    expect(await underWay).toEqual(taken)
    expect(closed).toEqual(['http://a.example/'])
    expect(pool.status().map(({ name }) => name)).toEqual(['b'])
  })

  test('one with nothing under way closes at once', async () => {
    const { pool, closed } = setup([providerSettings('a'), providerSettings('b')])
    pool.change([providerSettings('a')])
    await Promise.resolve()
    expect(closed).toEqual(['http://b.example/'])
    expect(pool.status().map(({ name }) => name)).toEqual(['a'])
  })

  test('shares follow the new weights from the first message on', () => {
    const { pool, split } = setup([
      providerSettings('a', { weight: 10_000 }),
      providerSettings('b'),
    ])
    split(5_000)
    pool.change([
      providerSettings('a'),
      providerSettings('b', { weight: 3 }),
      providerSettings('c', { weight: 0 }),
    ])
    expect(split(400)).toEqual({ a: 100, b: 300 })
  })

  test('a re-weighted one keeps its circuit, its rate and what it has under way', async () => {
    const limited = { ratePerSecondMax: 5, concurrencyMax: 3 }
    const { pool, submit, answerAll } = setup([providerSettings('a', limited)])
    const underWay = [submit({ express: true }), submit({ express: true })]
    pool.change([providerSettings('a', { ...limited, weight: 7 })])
    expect(pool.status()[0]?.inFlight).toBe(2)
    expect(pool.room(true)).toBe(1)
    await answerAll(taken, ...underWay)
    expect(pool.room(true)).toBe(3)
    await answerAll(refused, submit({ express: true }))
    pool.change([providerSettings('a', { ...limited, weight: 8 })])
    expect([pool.status()[0]?.circuit, pool.room(true)]).toEqual(['closed', 2])
    await answerAll(refused, submit({ express: true }))
    pool.change([providerSettings('a', { ...limited, ratePerSecondMax: 50, weight: 9 })])
    expect([pool.status()[0]?.circuit, pool.room(true)]).toEqual(['open', 0])
  })

  test('limits change at once, also below what is under way', async () => {
    const { pool, submit, answerAll } = setup([providerSettings('a')])
    const underWay = [submit(), submit(), submit()]
    pool.change([providerSettings('a', { concurrencyMax: 2 })])
    expect(pool.room(true)).toBe(0)
    await answerAll(taken, ...underWay)
    expect([pool.room(false), pool.room(true)]).toEqual([1, 2])
  })

  test('a new address gets what is new, with a circuit of its own; the old one ends what it has', async () => {
    const { pool, out, closed, submit, answerAll } = setup([providerSettings('a')])
    const [first, ...rest] = [submit(), submit(), submit()]
    out.pop()?.answer(refused)
    out.pop()?.answer(refused)
    await Promise.all(rest)
    expect(pool.status()[0]).toMatchObject({ circuit: 'open', inFlight: 1 })
    pool.change([providerSettings('a', { url: 'http://new.example/' })])
    expect(pool.status()[0]).toMatchObject({ circuit: 'closed', inFlight: 1 })
    const second = submit()
    expect(out.map(({ url }) => url)).toEqual(['http://a.example/', 'http://new.example/'])
    expect(closed).toEqual([])
    await answerAll(refused, first, second)
    expect(closed).toEqual(['http://a.example/'])
    expect(pool.status()[0]?.circuit).toBe('closed')
  })

  test('the in-doubt policy of a removed one is remembered, and a changed one counts at once', () => {
    const { pool } = setup([
      providerSettings('a', { inDoubt: 'unknown' }),
      providerSettings('b'),
      providerSettings('c'),
    ])
    const place = pool.reserve({ express: false, only: 'b' })
    pool.change([providerSettings('b', { inDoubt: 'unknown' }), providerSettings('d')])
    expect(pool.unknownProviders).toEqual(['a', 'b'])
    expect(place?.inDoubt).toBe('unknown')
    pool.change([providerSettings('a'), providerSettings('d')])
    expect(pool.unknownProviders).toEqual(['b'])
  })

  test('whoever waits for a place gets one at a new provider', async () => {
    const { pool } = setup([
      providerSettings('a', { weight: 0 }),
      providerSettings('b', { concurrencyMax: 1 }),
    ])
    pool.reserve(normal)
    const waiting = pool.reserveWithin(normal, 60_000, never)
    pool.change([providerSettings('b', { concurrencyMax: 1 }), providerSettings('c')])
    expect((await waiting)?.provider).toBe('c')
  })
})

describe('modes', () => {
  test('a draining one takes what is in doubt there and nothing new; a disabled one takes nothing', async () => {
    const { pool, submit, answerAll, split } = setup([providerSettings('a'), providerSettings('b')])
    const underWay = submit({ express: false, only: 'a' })
    pool.setModes(new Map([['a', 'draining']]))
    expect(split(10)).toEqual({ b: 10 })
    expect(pool.room(true)).toBe(10)
    const inDoubt = pool.reserve({ express: false, only: 'a' })
    expect(inDoubt?.provider).toBe('a')
    const asked = inDoubt?.submit(submission, never)
    await answerAll(taken, underWay, asked)
    expect([await underWay, await asked]).toEqual([taken, taken])
    pool.setModes(new Map([['a', 'disabled']]))
    expect(pool.reserve({ express: false, only: 'a' })).toBeNull()
    expect(await pool.reserveWithin({ express: false, only: 'a' }, 60_000, never)).toBeNull()
    expect(pool.has('a')).toBe(true)
    pool.setModes(new Map())
    expect(split(10)).toEqual({ a: 5, b: 5 })
  })

  test('of a provider that is added later, or changed, are kept', () => {
    const { pool, split } = setup([providerSettings('a')])
    pool.setModes(
      new Map([
        ['a', 'draining'],
        ['b', 'disabled'],
      ]),
    )
    pool.change([
      providerSettings('a', { weight: 5 }),
      providerSettings('b'),
      providerSettings('c'),
    ])
    expect(split(10)).toEqual({ c: 10 })
    expect(pool.status().map(({ mode }) => mode)).toEqual(['draining', 'disabled', 'enabled'])
  })

  test('weights given at run time stand in place of the configured ones, of later ones too', () => {
    const { pool, split } = setup([providerSettings('a'), providerSettings('b')])
    pool.setWeights(new Map([['a', providerSettings('b').weight * 3]]))
    expect(split(8)).toEqual({ a: 6, b: 2 })
    pool.setWeights(
      new Map([
        ['a', 0],
        ['c', 0],
      ]),
    )
    pool.change([
      providerSettings('a', { weight: 5 }),
      providerSettings('b'),
      providerSettings('c'),
    ])
    expect(split(4)).toEqual({ b: 4 })
    expect(pool.routes.providers.map(({ weight }) => weight === 0)).toEqual([true, false, true])
    pool.setWeights(new Map())
    expect(Object.keys(split(12)).sort()).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['drained', false],
    ['disabled', true],
    ['removed', true],
  ])('a place taken before its provider was %s sends nothing after', async (how, alsoInDoubt) => {
    const { pool, out } = setup([
      providerSettings('a', { ratePerSecondMax: 2 }),
      providerSettings('b'),
    ])
    const place = pool.reserve({ express: true, exclude: new Set(['b']) })
    const inDoubt = pool.reserve({ express: true, only: 'a' })
    if (how === 'removed') pool.change([providerSettings('b')])
    else pool.setModes(new Map([['a', how === 'drained' ? 'draining' : 'disabled']]))
    expect(await place?.submit(submission, never)).toMatchObject({
      kind: 'unavailable',
      code: 'out_of_service',
    })
    const asked = inDoubt?.submit(submission, never)
    expect(out).toHaveLength(alsoInDoubt ? 0 : 1)
    out[0]?.answer(taken)
    expect((await asked)?.kind).toBe(alsoInDoubt ? 'unavailable' : 'taken')
    expect(pool.status().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0)
    pool.setModes(new Map())
    if (how !== 'removed') expect(pool.status()[0]?.circuit).toBe('closed')
  })
})
