import { describe, expect, test } from 'bun:test'
import {
  backoffMs,
  parseRetryAfterMs,
  reportBackoffFirstMs,
  reportBackoffMsMax,
  retryAfterMsMax,
} from './report-post.ts'

describe('the back-off', () => {
  test('doubles up to its maximum', () => {
    const longest = (attempt: number) => backoffMs(attempt, () => 1)
    expect(longest(1)).toBe(reportBackoffFirstMs)
    expect(longest(3)).toBe(reportBackoffFirstMs * 4)
    expect(longest(1_000)).toBe(reportBackoffMsMax)
  })
  test('has jitter down to its half', () => {
    expect(backoffMs(1, () => 0)).toBe(reportBackoffFirstMs / 2)
  })
})

describe('Retry-After', () => {
  const nowMs = Date.UTC(2030, 0, 1)
  test.each([
    ['3', 3_000],
    [new Date(nowMs + 5_000).toUTCString(), 5_000],
    [new Date(nowMs - 5_000).toUTCString(), 0],
    ['86400', retryAfterMsMax],
    ['soon', 0],
    [null, 0],
  ])('%p is %p ms', (header, waitMs) => {
    expect(parseRetryAfterMs(header, nowMs)).toBe(waitMs)
  })
})
