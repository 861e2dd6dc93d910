import { describe, expect, test } from 'bun:test'
import { jitterShare, retryAfterMsMax, throttlePauseMs, webhookWaitMs } from './webhook-schedule.ts'

const waitsS = [5, 300, 1_800]

describe('the schedule', () => {
  test('waits as long as it says, and never less', () => {
    expect(waitsS.map((_, index) => webhookWaitMs(waitsS, index + 1, 0))).toEqual([
      5_000, 300_000, 1_800_000,
    ])
  })

  test('waits up to a fifth longer', () => {
    for (const random of [0.1, 0.5, 0.999]) {
      const waitMs = webhookWaitMs(waitsS, 2, random) ?? 0
      expect(waitMs).toBeGreaterThan(300_000)
      expect(waitMs).toBeLessThan(300_000 * (1 + jitterShare))
    }
  })

  test('ends after the attempt that follows its last wait', () => {
    expect(webhookWaitMs(waitsS, 3, 0.5)).not.toBeNull()
    expect(webhookWaitMs(waitsS, 4, 0.5)).toBeNull()
    expect(webhookWaitMs([], 1, 0.5)).toBeNull()
  })

  test('waits as long as the endpoint asks, but not for ever', () => {
    expect(webhookWaitMs(waitsS, 1, 0, 60_000)).toBe(60_000)
    expect(webhookWaitMs(waitsS, 2, 0, 60_000)).toBe(300_000)
    expect(webhookWaitMs(waitsS, 1, 0, 1e12)).toBe(retryAfterMsMax)
    expect(webhookWaitMs(waitsS, 4, 0, 60_000)).toBeNull()
  })
})

describe('a pause', () => {
  test('doubles with each failure, up to five minutes', () => {
    expect([1, 2, 3, 4].map((failures) => throttlePauseMs(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000,
    ])
    expect(throttlePauseMs(1_000, 0)).toBe(300_000)
  })

  test('is as long as the endpoint asks', () => {
    expect(throttlePauseMs(1, 0, 30_000)).toBe(30_000)
    expect(throttlePauseMs(1, 0, 1e12)).toBe(retryAfterMsMax)
  })
})
