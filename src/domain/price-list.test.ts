import { expect, test } from 'bun:test'
import { amountMax } from './money.ts'
import { messagePrice, prefixPattern, priceIn, priceOf } from './price-list.ts'

const list = new Map([
  ['+49', 75_000],
  ['+4915', 80_000],
  ['+1', 0],
])

test('the longest prefix decides', () => {
  expect(priceOf(list, '+491701234567')).toBe(75_000)
  expect(priceOf(list, '+491512345678')).toBe(80_000)
  expect(priceOf(list, '+12025550100')).toBe(0)
  expect(priceOf(list, '+33123456789')).toBeNull()
  expect(priceOf(new Map([...list, ['+', 9]]), '+33123456789')).toBe(9)
  expect(priceOf(new Map([['+123456789012345', 5]]), '+123456789012345')).toBe(5)
})

test('a customer’s own list goes before the common one', () => {
  const own = new Map([['+4', 1]])
  expect(priceIn([own, list], '+491512345678')).toBe(1)
  expect(priceIn([own, list], '+12025550100')).toBe(0)
  expect(priceIn([own, list], '+33123456789')).toBeNull()
})

test('a prefix is a plus sign and digits', () => {
  expect(['+', '+4', '+123456789012345'].every((text) => prefixPattern.test(text))).toBe(true)
  expect(['', '49', '+49 ', '+1234567890123456'].some((text) => prefixPattern.test(text))).toBe(
    false,
  )
})

test('a message costs what its segments cost', () => {
  expect(messagePrice(75_000, 3)).toBe(225_000)
  expect(messagePrice(amountMax, 255)).toBe(amountMax)
})
