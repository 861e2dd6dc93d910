import { expect, test } from 'bun:test'
import { newClaimToken } from './claim-token.ts'

test('a claim token fits a bigint of PostgreSQL, and uses all of it', () => {
  expect(newClaimToken(() => 0)).toBe('0')
  expect(newClaimToken(() => 1 - 2 ** -53)).toBe(String(2n ** 63n - 1n))
  const tokens = new Set(Array.from({ length: 1_000 }, () => newClaimToken(Math.random)))
  expect(tokens.size).toBe(1_000)
})
