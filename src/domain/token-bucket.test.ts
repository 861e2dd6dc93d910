import { expect, test } from 'bun:test'
import { createTokenBucket } from './token-bucket.ts'

test('holds one second of its rate and refills steadily', () => {
  const bucket = createTokenBucket(10)
  expect(bucket.available(0)).toBe(10)
  for (let count = 0; count < 10; count++) bucket.take(0)
  expect(bucket.available(0)).toBe(0)
  expect(bucket.waitMs(1, 0)).toBe(100)
  expect(bucket.available(99)).toBe(0)
  expect(bucket.available(100)).toBe(1)
  expect(bucket.available(60_000)).toBe(10)
})

test('takes back what was not needed, and never holds more than one second of its rate', () => {
  const bucket = createTokenBucket(10)
  bucket.take(0)
  bucket.giveBack()
  bucket.giveBack()
  expect(bucket.available(0)).toBe(10)
})

test('lets through exactly its rate over time', () => {
  const bucket = createTokenBucket(250)
  let taken = 0
  for (let nowMs = 0; nowMs <= 10_000; nowMs++) {
    while (bucket.available(nowMs) > 0) {
      bucket.take(nowMs)
      taken++
    }
  }
  expect(taken).toBe(250 + 2_500)
})

test('a rate below one a second still lets one through', () => {
  const bucket = createTokenBucket(0.5)
  expect(bucket.available(0)).toBe(1)
  bucket.take(0)
  expect(bucket.waitMs(1, 0)).toBe(2_000)
  expect(bucket.available(2_000)).toBe(1)
})

test('a clock that steps back stops the refill and breaks nothing', () => {
  const bucket = createTokenBucket(10)
  bucket.take(1_000)
  expect(bucket.available(0)).toBe(9)
})

test('another rate begins with what is left, and at most with what it may hold', () => {
  const bucket = createTokenBucket(10)
  for (let count = 0; count < 8; count++) bucket.take(0)
  bucket.changeRate(100, 0)
  expect(bucket.available(0)).toBe(2)
  expect(bucket.available(100)).toBe(12)
  bucket.changeRate(5, 100)
  expect(bucket.available(100)).toBe(5)
  expect(bucket.available(60_000)).toBe(5)
})
