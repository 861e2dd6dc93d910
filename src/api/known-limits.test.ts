import { expect, test } from 'bun:test'
import { unknownCustomer } from '../domain/customer-settings.ts'
import { createFindLimits } from './known-limits.ts'

const nothing = { limits: {}, guard: {} }
const noonMs = Date.parse('2026-01-31T12:00:00.000Z')
const nextDayMs = Date.parse('2026-02-01T00:00:00.000Z')

const settings = { limits: { messages_per_day: 300, messages_per_second_per_key: 2 } }
const limited = { ...unknownCustomer(7), settings }

test('who has no limits is not counted, unless there are some for everybody', () => {
  expect(createFindLimits(nothing)(unknownCustomer(7), null, noonMs)).toBeNull()
  const find = createFindLimits({ limits: { messages_per_second: 1 }, guard: {} })
  expect(find(unknownCustomer(7), null, noonMs)?.policy).toBe('"rate";q=1;w=1')
})

test('they are made once, for each API key and each day', () => {
  const find = createFindLimits(nothing)
  const first = find(limited, 'one', noonMs)
  expect(first?.quotas.map(({ key }) => key)).toEqual(['day:7:20484', 'key:7:one:1'])
  expect(find(limited, 'one', nextDayMs - 1)).toBe(first)
  const ofAnother = find(limited, 'two', noonMs)
  expect(ofAnother?.quotas.map(({ key }) => key)).toEqual(['day:7:20484', 'key:7:two:1'])
  expect(find(limited, 'one', noonMs)).toEqual(first)
  expect(find(limited, 'one', nextDayMs)?.quotas[0]?.key).toBe('day:7:20485')
})

test('those that are changed are in force with the settings', () => {
  const find = createFindLimits(nothing)
  find(limited, null, noonMs)
  const changed = { ...limited, settings: { limits: { messages_per_day: 5 } } }
  expect(find(changed, null, noonMs)?.policy).toBe('"day";q=5;w=86400')
  expect(find({ ...changed, id: 8 }, null, noonMs)?.quotas[0]?.key).toBe('day:8:20484')
})
