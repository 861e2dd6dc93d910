import { describe, expect, test } from 'bun:test'
import { shareCounts, shareLimits, shareOf } from './fair-share.ts'

describe('share', () => {
  test('the more is outstanding, the later the share', () => {
    const cases = [
      [0, 0],
      [99, 0],
      [100, 1],
      [999, 1],
      [1_000, 2],
      [9_999, 2],
      [10_000, 3],
      [99_999, 3],
      [100_000, 4],
      [10_000_000, 4],
    ] as const
    expect(cases.map(([outstanding]) => shareOf(outstanding))).toEqual(
      cases.map(([, share]) => share),
    )
  })

  test('each share of the normal lane has customers, and no share is beyond the last', () => {
    const shares = [0, ...shareLimits].map(shareOf)
    expect(shares).toEqual(Array.from({ length: shareCounts.normal }, (_, share) => share))
  })
})
