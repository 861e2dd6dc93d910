import { describe, expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from './provider.ts'
import { createProviderPool } from './provider-pool.ts'

const never = new AbortController().signal
const submission = { reference: 'r', recipient: '+1234567890', senderId: null, text: 'hi' }
const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
const refused: SubmitOutcome = { kind: 'unavailable', code: 'econnrefused', detail: '' }

function setup(
  providers: ProviderSettings[],
  outcome: (name: string) => SubmitOutcome = () => taken,
) {
  let nowMs = 0
  const pool = createProviderPool({
    providers,
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 5,
      openMs: 1_000,
      openMsMax: 8_000,
    },
    createDriver: (provider) => ({
      submit: async () => outcome(provider.name),
      close: async () => undefined,
    }),
    clock: { now: () => nowMs, monotonicMs: () => nowMs },
    random: () => 0.5,
  })
  return { pool, advance: (ms: number) => (nowMs += ms) }
}

describe('provider pool', () => {
  test('10,000 messages over three providers follow the weights to within 1 %', async () => {
    const { pool } = setup([
      providerSettings('primary', { weight: 100 }),
      providerSettings('secondary', { weight: 80 }),
      providerSettings('backup', { weight: 60 }),
    ])
    const counts: Record<string, number> = {}
    for (let message = 0; message < 10_000; message++) {
      const reservation = pool.reserve({ express: false })
      counts[reservation?.provider ?? 'none'] = (counts[reservation?.provider ?? 'none'] ?? 0) + 1
      await reservation?.submit(submission, never)
    }
    expect(Math.abs((counts.primary ?? 0) - 4_167)).toBeLessThan(42)
    expect(Math.abs((counts.secondary ?? 0) - 3_333)).toBeLessThan(33)
    expect(Math.abs((counts.backup ?? 0) - 2_500)).toBeLessThan(25)
  })

  test('a full provider is passed over, and part of each is kept for express', () => {
    const { pool } = setup([providerSettings('a', { concurrencyMax: 10 })])
    expect(pool.room(false)).toBe(9)
    for (let held = 0; held < 9; held++) expect(pool.reserve({ express: false })).not.toBeNull()
    expect(pool.reserve({ express: false })).toBeNull()
    expect(pool.room(true)).toBe(1)
    expect(pool.reserve({ express: true })?.provider).toBe('a')
    expect(pool.reserve({ express: true })).toBeNull()
  })

  test('a rate limit holds for normal messages before it does for express ones', async () => {
    const { pool, advance } = setup([
      providerSettings('a', { concurrencyMax: 1_000, ratePerSecondMax: 100 }),
    ])
    let normal = 0
    for (
      let place = pool.reserve({ express: false });
      place !== null;
      place = pool.reserve({ express: false })
    ) {
      normal++
      await place.submit(submission, never)
    }
    expect(normal).toBe(90)
    expect(pool.room(true)).toBe(10)
    advance(100)
    expect(pool.room(false)).toBe(10)
  })

  test('a provider that refuses connections is out at once, is probed, and comes back', async () => {
    let down = true
    const { pool, advance } = setup([providerSettings('a'), providerSettings('b')], (name) =>
      name === 'a' && down ? refused : taken,
    )
    const used: string[] = []
    const sendOne = async (): Promise<void> => {
      const place = pool.reserve({ express: false })
      if (place === null) throw new Error('no place')
      used.push(place.provider)
      await place.submit(submission, never)
    }
    for (let message = 0; message < 10; message++) await sendOne()
    expect(pool.status().find(({ name }) => name === 'a')?.circuit).toBe('open')
    used.length = 0
    for (let message = 0; message < 20; message++) await sendOne()
    expect(new Set(used)).toEqual(new Set(['b']))
    down = false
    advance(1_000)
    for (let message = 0; message < 20; message++) await sendOne()
    expect(pool.status().find(({ name }) => name === 'a')?.circuit).toBe('closed')
    expect(used.filter((name) => name === 'a').length).toBeGreaterThan(5)
  })

  test('a throttled provider rests as long as it asked, without its circuit opening', async () => {
    const { pool, advance } = setup([providerSettings('a')], () => ({
      kind: 'throttled',
      retryAfterMs: 3_000,
      code: 'http_status_429',
      detail: '',
    }))
    await pool.reserve({ express: false })?.submit(submission, never)
    expect(pool.reserve({ express: true })).toBeNull()
    expect(pool.status()[0]?.circuit).toBe('closed')
    advance(3_000)
    expect(pool.reserve({ express: true })).not.toBeNull()
  })

  test('one provider alone may be asked, even one without weight', () => {
    const { pool } = setup([
      providerSettings('a', { weight: 100 }),
      providerSettings('b', { weight: 0 }),
    ])
    expect(pool.reserve({ express: false, only: 'b' })?.provider).toBe('b')
    expect(pool.reserve({ express: false, only: 'b', exclude: new Set(['b']) })).toBeNull()
    expect(pool.reserve({ express: false, only: 'c' })).toBeNull()
    expect([pool.has('b'), pool.has('c')]).toEqual([true, false])
    expect(pool.reserve({ express: false, exclude: new Set(['a']) })).toBeNull()
  })

  test('a place given back costs nothing of the rate', () => {
    const { pool } = setup([providerSettings('a', { ratePerSecondMax: 1 })])
    for (let entry = 0; entry < 100; entry++) pool.reserve({ express: false })?.cancel()
    expect(pool.reserve({ express: false })).not.toBeNull()
    expect(pool.reserve({ express: false })).toBeNull()
  })

  test('waiting ends with a place when one is given back, and with null when nobody is left to ask', async () => {
    const { pool } = setup([providerSettings('a', { concurrencyMax: 1 })])
    const held = pool.reserve({ express: false })
    const waiting = pool.reserveWithin({ express: false }, 60_000, never)
    held?.cancel()
    expect((await waiting)?.provider).toBe('a')
    expect(
      await pool.reserveWithin({ express: false, exclude: new Set(['a']) }, 60_000, never),
    ).toBeNull()
  })

  test('a driver that throws is in doubt, and its place is given back', async () => {
    const { pool } = setup([providerSettings('a')], () => {
      throw new Error('broken')
    })
    const outcome = await pool.reserve({ express: false })?.submit(submission, never)
    expect(outcome?.kind).toBe('indeterminate')
    expect(pool.status()[0]?.inFlight).toBe(0)
  })
})
