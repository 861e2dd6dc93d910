import { expect, test } from 'bun:test'
import { createPermits } from './permits.ts'

test('ordinary work never takes the reserve; priority work may take everything', () => {
  const permits = createPermits({ max: 10, reservedMax: 2 })
  expect(permits.free(false)).toBe(8)
  expect(permits.free(true)).toBe(10)
  permits.take(false, 8)
  expect(permits.free(false)).toBe(0)
  expect(permits.free(true)).toBe(2)
  permits.take(true, 2)
  expect(permits.free(true)).toBe(0)
  permits.give(false, 3)
  expect(permits.free(false)).toBe(3)
  expect(permits.inUse).toBe(7)
})

test('priority work that took more than the reserve leaves less for ordinary work', () => {
  const permits = createPermits({ max: 10, reservedMax: 2 })
  permits.take(true, 9)
  expect(permits.free(false)).toBe(1)
})

test('taking more than there is, or giving back more than was taken, is a defect', () => {
  const permits = createPermits({ max: 2, reservedMax: 0 })
  expect(() => permits.take(false, 3)).toThrow()
  expect(() => permits.give(false, 1)).toThrow()
})

test('giving wakes who waits', async () => {
  const permits = createPermits({ max: 1, reservedMax: 0 })
  permits.take(false, 1)
  const wait = permits.whenGiven(new AbortController().signal)
  permits.give(false, 1)
  await wait
})
