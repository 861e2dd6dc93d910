import { expect, test } from 'bun:test'
import { reconnectDelayMs } from './connection.ts'

test('reconnecting backs off up to a cap, never at once and never at the same instant', () => {
  for (const [attempt, delayMsMax] of [
    [1, 50],
    [2, 100],
    [4, 400],
    [7, 2_000],
    [100_000, 2_000],
  ] as const) {
    const delays = Array.from({ length: 200 }, () => reconnectDelayMs(attempt))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(delayMsMax / 2)
    expect(Math.max(...delays)).toBeLessThanOrEqual(delayMsMax)
    expect(new Set(delays).size).toBeGreaterThan(10)
  }
})
