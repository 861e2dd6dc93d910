import { expect, test } from 'bun:test'
import { routeWaitMs, routeWaitMsMax } from './route-wait.ts'

test.each([
  [-5_000, 0, 500],
  [0, 0.999, 1_000],
  [4_000, 0, 2_000],
  [4_000, 0.999, 3_998],
  [3_600_000, 0, routeWaitMsMax / 2],
])('after %d ms, with %d of luck, it waits %d ms', (waitedMs, random, expected) => {
  expect(routeWaitMs(waitedMs, random)).toBe(expected)
})

test('a message is looked at a bounded number of times in a day', () => {
  let atMs = 0
  let looks = 0
  while (atMs < 86_400_000) {
    atMs += routeWaitMs(atMs, 0)
    looks++
  }
  expect(looks).toBeLessThan(5_800)
})
