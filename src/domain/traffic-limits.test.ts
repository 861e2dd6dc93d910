import { describe, expect, test } from 'bun:test'
import {
  guardsOf,
  hasLimits,
  isGuarding,
  prefixOf,
  quotasOf,
  share,
  type TrafficDefaults,
} from './traffic-limits.ts'

const message = { customerId: 7, keyPrefix: 'sgw_abc', recipient: '+491701234567' }
const noonMs = Date.parse('2026-01-31T12:00:00.000Z')

function counters(rules: Partial<TrafficDefaults>, changes: Partial<typeof message> = {}) {
  const counted = { ...message, ...changes }
  return [...quotasOf(counted, rules.limits ?? {}, noonMs), ...guardsOf(counted, rules.guard ?? {})]
}

describe('the counters of a message', () => {
  test('are none without limits', () => {
    expect(counters({})).toEqual([])
    expect(hasLimits({ limits: { burst_s: 5 }, guard: { window_s: 60 } })).toBe(false)
    expect(hasLimits({ limits: { messages_per_day: 0 }, guard: {} })).toBe(true)
  })

  test('are of a rate with its burst, of the day, and of the key', () => {
    const limits = {
      messages_per_second: 10,
      burst_s: 5,
      messages_per_day: 300,
      messages_per_second_per_key: 2,
    }
    expect(counters({ limits })).toEqual([
      { name: 'rate', key: 'rate:7:5', limit: 50, windowS: 5, endsAtMs: null },
      {
        name: 'day',
        key: 'day:7:20484',
        limit: 300,
        windowS: 86_400,
        endsAtMs: noonMs + 43_200_000,
      },
      { name: 'key', key: 'key:7:sgw_abc:5', limit: 10, windowS: 5, endsAtMs: null },
    ])
    const withoutKey = quotasOf({ ...message, keyPrefix: null }, limits, noonMs)
    expect(withoutKey.map(({ name }) => name)).toEqual(['rate', 'day'])
  })

  test('of the guard are of the prefix, the range and the recipient', () => {
    const guard = {
      window_s: 60,
      prefix_digits: 4,
      messages_per_prefix_max: 100,
      messages_per_range_max: 20,
      messages_per_recipient_max: 3,
    }
    expect(counters({ guard }).map(({ name, key, limit }) => [name, key, limit])).toEqual([
      ['prefix', 'prefix:7:60:4917', 100],
      ['range', 'range:7:60:4917012345', 20],
      ['recipient', 'recipient:7:60:491701234567', 3],
    ])
    expect(counters({ guard }).every(({ name }) => isGuarding(name))).toBe(true)
    expect(isGuarding('day')).toBe(false)
  })

  test('of two customers have nothing in common', () => {
    const rules = {
      limits: { messages_per_second: 1, messages_per_day: 1, messages_per_second_per_key: 1 },
      guard: {
        messages_per_prefix_max: 1,
        messages_per_range_max: 1,
        messages_per_recipient_max: 1,
      },
    }
    const keys = [7, 8].flatMap((customerId) => counters(rules, { customerId }))
    expect(new Set(keys.map(({ key }) => key)).size).toBe(12)
  })

  test('know the prefix of a number', () => {
    expect(prefixOf('+491701234567')).toBe('491701')
    expect(prefixOf('+491701234567', 2)).toBe('49')
  })
})

describe('what there is', () => {
  const [rate, day] = counters({ limits: { messages_per_second: 5, messages_per_day: 5 } })
  if (rate === undefined || day === undefined) throw new Error('two counters')

  test('goes to those who come first', () => {
    const { full, unused } = share([[day], [day], [day]], new Map([[day.key, 2]]))
    expect(full).toEqual([[], [], [day]])
    expect(unused.get(day.key)).toBe(0)
  })

  test('is not taken by who does not fit into all', () => {
    const { full, unused } = share(
      [[rate, day], [day]],
      new Map([
        [rate.key, 0],
        [day.key, 2],
      ]),
    )
    expect(full).toEqual([[rate], []])
    expect(unused.get(day.key)).toBe(1)
  })

  test('is nothing, of what nobody granted', () => {
    expect(share([[rate, day], []], new Map()).full).toEqual([[rate, day], []])
  })
})
