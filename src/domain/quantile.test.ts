import { expect, test } from 'bun:test'
import { quantile } from './quantile.ts'

const bounds = [1, 2, 4]

test('lies within its bucket, as far as its rank goes', () => {
  expect(quantile(0.5, bounds, [0, 10, 10, 10])).toBe(1.5)
  expect(quantile(0.5, bounds, [10, 10, 10, 10])).toBe(0.5)
  expect(quantile(0.9, bounds, [5, 8, 10, 10])).toBe(3)
  expect(quantile(1, bounds, [5, 8, 10, 10])).toBe(4)
})

test('above the last bound is the last bound', () => {
  expect(quantile(0.99, bounds, [0, 0, 1, 100])).toBe(4)
})

test('of nothing is nothing', () => {
  expect(quantile(0.5, bounds, [0, 0, 0, 0])).toBeNull()
  expect(quantile(0.5, bounds, [])).toBeNull()
})

test('of empty buckets before it is the beginning of the first that has any', () => {
  expect(quantile(0, bounds, [0, 0, 10, 10])).toBe(1)
})
