import { expect, test } from 'bun:test'
import type { Fault } from './problems.ts'
import { timingOf } from './timing-of-submit.ts'

const nowMs = Date.parse('2026-01-31T12:00:00Z')
const rules = { validityMs: 3_600_000 }

function settle(fields: Parameters<typeof timingOf>[0]) {
  const faults: Fault[] = []
  const timing = timingOf(fields, rules, nowMs, faults, '/messages/3')
  return { timing, places: faults.map((fault) => ('pointer' in fault ? fault.pointer : '')) }
}

test('says nothing of a message that says nothing', () => {
  expect(settle({})).toEqual({ timing: undefined, places: [] })
})

const good: [string, Parameters<typeof timingOf>[0], object][] = [
  ['later', { schedule_at: '2026-01-31T14:00:00+01:00' }, { scheduleAtMs: nowMs + 3_600_000 }],
  [
    'a time that is over',
    { schedule_at: '2026-01-31T11:00:00Z' },
    { scheduleAtMs: nowMs - 3_600_000 },
  ],
  ['the last time there is', { schedule_at: '2026-02-07T12:00:00Z' }, {}],
  ['an end', { expires_at: '2026-01-31T13:00:00Z' }, { expiresAtMs: nowMs + 3_600_000 }],
  ['a time', { valid_for_s: 3_600 }, { validForMs: 3_600_000, scheduleAtMs: null }],
  [
    'an end after its time',
    { schedule_at: '2026-01-31T14:00:00Z', expires_at: '2026-01-31T15:00:00Z' },
    {},
  ],
]
test.each(good)('%s', (_, fields, timing) => {
  expect(settle(fields)).toMatchObject({ timing, places: [] })
})

const faulty: [string, Parameters<typeof timingOf>[0], string[]][] = [
  ['too far ahead', { schedule_at: '2026-02-07T12:00:00.001Z' }, ['schedule_at']],
  ['an end that is over', { expires_at: '2026-01-31T12:00:00Z' }, ['expires_at']],
  [
    'an end before its time',
    { schedule_at: '2026-01-31T14:00:00Z', expires_at: '2026-01-31T13:00:00Z' },
    ['expires_at'],
  ],
  ['an end too late', { expires_at: '2026-01-31T13:00:00.001Z' }, ['expires_at']],
  ['too long', { valid_for_s: 3_601 }, ['valid_for_s']],
  ['both', { valid_for_s: 1, expires_at: '2026-01-31T12:00:01Z' }, ['valid_for_s']],
  [
    'everything',
    { schedule_at: '2027-01-01T00:00:00Z', expires_at: '2026-01-31T13:00:00Z', valid_for_s: 9_999 },
    ['schedule_at', 'valid_for_s', 'expires_at', 'valid_for_s'],
  ],
]
test.each(faulty)('%s: told', (_, fields, places) => {
  expect(settle(fields).places).toEqual(places.map((place) => `/messages/3/${place}`))
})
