import { expect, test } from 'bun:test'
import { retryDelayMs } from './retry-schedule.ts'

const schedule = { attemptsMax: 6, backoffBaseMs: 1_000, backoffMsMax: 5_000 }

test('doubles the limit with each attempt, up to its maximum, and ends after the last', () => {
  const limits = [1, 2, 3, 4, 5, 6].map((attempt) => retryDelayMs(schedule, attempt, 0.999_999))
  expect(limits).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, null])
})

test('jitter goes down to nothing, but not below what the provider asked for', () => {
  expect(retryDelayMs(schedule, 3, 0)).toBe(0)
  expect(retryDelayMs(schedule, 3, 0.5)).toBe(2_000)
  expect(retryDelayMs(schedule, 3, 0, 700)).toBe(700)
  expect(retryDelayMs(schedule, 3, 0, 900_000)).toBe(5_000)
})
