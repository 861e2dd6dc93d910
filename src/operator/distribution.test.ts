import { describe, expect, test } from 'bun:test'
import type { Distribution } from './distribution.ts'
import { distributionSchema, drawDelayMs } from './distribution.ts'
import { seededRandom } from './randomness.ts'

function draws(distribution: Distribution, count = 20_000): number[] {
  const random = seededRandom(3)
  return Array.from({ length: count }, () => drawDelayMs(distribution, random)).sort(
    (a, b) => a - b,
  )
}
const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

describe('draws', () => {
  test('fixed is always its value', () => {
    expect(draws({ kind: 'fixed', value_ms: 4 }, 3)).toEqual([4, 4, 4])
  })
  test('uniform stays in its range and is centred', () => {
    const delays = draws({ kind: 'uniform', min_ms: 10, max_ms: 20 })
    expect(delays[0]).toBeGreaterThanOrEqual(10)
    expect(delays.at(-1)).toBeLessThanOrEqual(20)
    expect(mean(delays)).toBeCloseTo(15, 0)
  })
  test('exponential has its mean and its limit', () => {
    const delays = draws({ kind: 'exponential', mean_ms: 10, max_ms: 60 })
    expect(mean(delays)).toBeWithin(9.5, 10.5)
    expect(delays.at(-1)).toBe(60)
  })
  test('lognormal has its median and its limit', () => {
    const delays = draws({ kind: 'lognormal', median_ms: 100, sigma: 1, max_ms: 500 })
    expect(delays[10_000]).toBeWithin(95, 105)
    expect(delays.at(-1)).toBe(500)
    expect(delays[0]).toBeGreaterThan(0)
  })
})

describe('schema', () => {
  test.each([
    { kind: 'uniform', min_ms: 5, max_ms: 4 },
    { kind: 'fixed', value_ms: -1 },
    { kind: 'fixed', value_ms: 3_600_001 },
    { kind: 'fixed', value_ms: 1, more: 1 },
    { kind: 'normal', mean_ms: 1 },
    {},
  ])('refuses %p', (value) => {
    expect(distributionSchema.safeParse(value).success).toBe(false)
  })
})
