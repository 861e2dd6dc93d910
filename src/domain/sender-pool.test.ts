import { expect, test } from 'bun:test'
import { senderFor } from './sender-pool.ts'

const pool = ['Acme', 'Acme 2', '+491511234567', '12345']

test('the same recipient sees the same sender, and all are used alike', () => {
  const counts = new Map<string | null, number>()
  for (let index = 0; index < 10_000; index++) {
    const recipient = `+49151${1_000_000 + index}`
    const sender = senderFor(recipient, pool)
    expect(senderFor(recipient, pool.toReversed())).toBe(sender)
    counts.set(sender, (counts.get(sender) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([...pool].sort())
  for (const count of counts.values()) expect(Math.abs(count - 2_500)).toBeLessThan(200)
})

test('an empty pool has none', () => {
  expect(senderFor('+491511234567', [])).toBeNull()
})
