import { describe, expect, test } from 'bun:test'
import type { Behaviour } from './behaviour.ts'
import { behaviourDefault } from './behaviour.ts'
import { seededRandom } from './randomness.ts'
import { reportPlanner, reportsJson } from './report.ts'

const fixed: Behaviour = { ...behaviourDefault, report_delay: { kind: 'fixed', value_ms: 10 } }
const plan = (behaviour: Behaviour) => reportPlanner(behaviour)(seededRandom(1))

describe('the reports of a taken message', () => {
  test('are one final one by default', () => {
    expect(plan(fixed)).toEqual([{ status: 'delivered', delayMs: 10 }])
  })
  test('are none when never or not enabled', () => {
    expect(plan({ ...fixed, report_never_rate: 1 })).toEqual([])
    expect(plan({ ...fixed, reports_enabled: false })).toEqual([])
  })
  test('repeat the final one', () => {
    expect(plan({ ...fixed, report_duplicate_rate: 1 })).toEqual([
      { status: 'delivered', delayMs: 10 },
      { status: 'delivered', delayMs: 20 },
    ])
  })
  test('have the accepted one before or after the final one', () => {
    expect(plan({ ...fixed, report_accepted_rate: 1 })[1]).toEqual({
      status: 'accepted',
      delayMs: 5,
    })
    expect(plan({ ...fixed, report_reorder_rate: 1, report_accepted_rate: 1 }).slice(1)).toEqual([
      { status: 'accepted', delayMs: 20 },
    ])
  })
  test('have statuses by weight', () => {
    const mix = { delivered: 6, undelivered: 0, expired: 3, rejected: 1, unknown: 0 }
    const next = reportPlanner({ ...fixed, report_status: mix })
    const random = seededRandom(5)
    const counts: Record<string, number> = {}
    for (let n = 0; n < 10_000; n++) {
      const status = next(random)[0]?.status ?? 'none'
      counts[status] = (counts[status] ?? 0) + 1
    }
    expect(Object.keys(counts).sort()).toEqual(['delivered', 'expired', 'rejected'])
    expect(counts.delivered).toBeWithin(5_800, 6_200)
    expect(counts.expired).toBeWithin(2_800, 3_200)
  })
})

test("reports are written as the contract's array", () => {
  const report = { callbackUrl: 'http://x/', onSettled: null, occurredAtMs: 1_700_000_000_123 }
  const json = reportsJson([
    { ...report, messageId: 'a-1', status: 'delivered' },
    { ...report, messageId: 'a-2', status: 'undelivered', occurredAtMs: 1_700_000_001_000 },
  ])
  expect(JSON.parse(json)).toEqual([
    { message_id: 'a-1', status: 'delivered', occurred_at: '2023-11-14T22:13:20.123Z' },
    {
      message_id: 'a-2',
      status: 'undelivered',
      error_code: 'absent_subscriber',
      occurred_at: '2023-11-14T22:13:21.000Z',
    },
  ])
})
