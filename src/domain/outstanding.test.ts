import { expect, test } from 'bun:test'
import { shareCounts } from './fair-share.ts'
import { createOutstanding, type Outstanding } from './outstanding.ts'

const shareCount = shareCounts.normal

/** The share of each of so many messages, as `share: messages`. */
function placeMany(outstanding: Outstanding, customerId: number, count: number, nowMs: number) {
  const shares = Array.from({ length: shareCount }, () => 0)
  for (let i = 0; i < count; i++) {
    const share = outstanding.place(customerId, nowMs)
    shares[share] = (shares[share] ?? 0) + 1
  }
  return shares
}
const empty = Array.from({ length: shareCount }, () => null)

test('a customer goes through the shares, and another begins at the first', () => {
  const outstanding = createOutstanding(shareCount)
  expect(placeMany(outstanding, 1, 150_000, 0)).toEqual([100, 900, 9_000, 90_000, 50_000])
  expect(placeMany(outstanding, 2, 10, 0)).toEqual([10, 0, 0, 0, 0])
  expect(outstanding.place(1, 0)).toBe(4)
})

test('a lane with one share has one', () => {
  expect(placeMany(createOutstanding(1), 1, 1_000, 0)).toEqual([1_000, 0, 0, 0, 0])
})

test('what has left the queue does not count, and what is as old as its oldest entry does', () => {
  const outstanding = createOutstanding(shareCount)
  placeMany(outstanding, 1, 5_000, 1_000)
  outstanding.measured([1_000, 1_000, 1_000, null, null], 2_000)
  expect(outstanding.place(1, 2_000)).toBe(2)
  // The first share is empty, the second has younger entries only: 4,001 of the third are left.
  outstanding.measured([null, 500, 2_000, null, null], 3_000)
  expect(outstanding.place(1, 3_000)).toBe(2)
  outstanding.measured([null, null, 100, null, null], 4_000)
  expect(outstanding.place(1, 4_000)).toBe(0)
})

test('who sends steadily without waiting long stays in the first share, however much waits in others', () => {
  const outstanding = createOutstanding(shareCount)
  placeMany(outstanding, 1, 1_000_000, 0)
  for (let nowMs = 0; nowMs < 600_000; nowMs += 100) {
    if (nowMs % 500 === 0) outstanding.measured([700, 5_000, 30_000, 60_000, nowMs], nowMs)
    expect(outstanding.place(2, nowMs)).toBe(0)
  }
})

test('with the queue lost everybody begins anew', () => {
  const outstanding = createOutstanding(shareCount)
  placeMany(outstanding, 1, 1_000_000, 0)
  outstanding.measured(empty, 1)
  expect(outstanding.place(1, 1)).toBe(0)
})

test('while the age of entries cannot be told, nothing is forgotten', () => {
  const outstanding = createOutstanding(shareCount)
  placeMany(outstanding, 1, 2_000, 0)
  outstanding.measured([-1, -1, -1, -1, -1], 1_000)
  expect(outstanding.place(1, 1_000)).toBe(2)
})

test('of too many customers, who has sent nothing for longest is forgotten', () => {
  const outstanding = createOutstanding(shareCount, 3)
  placeMany(outstanding, 1, 200, 0)
  placeMany(outstanding, 2, 200, 0)
  for (let customerId = 3; customerId < 100; customerId++) {
    expect(outstanding.place(customerId, 0)).toBe(0)
    expect(outstanding.place(1, 0)).toBe(1)
  }
  expect(outstanding.place(2, 0)).toBe(0)
})
