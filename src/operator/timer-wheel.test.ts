import { afterEach, expect, test } from 'bun:test'
import type { TimerWheel } from './timer-wheel.ts'
import { createTimerWheel } from './timer-wheel.ts'

let monotonicMs = 0
let wheel: TimerWheel<string> | undefined
afterEach(() => {
  wheel?.drain()
})

/** Tests own the time; the wheel's own interval finds that none has passed. */
function wheelOf(tickMs: number) {
  monotonicMs = 1_000
  const given: string[][] = []
  const clock = { now: () => monotonicMs, monotonicMs: () => monotonicMs }
  wheel = createTimerWheel<string>({ tickMs, clock, onDue: (entries) => given.push(entries) })
  return { wheel, given }
}

function passMs(ms: number) {
  monotonicMs += ms
  wheel?.turn()
}

test('hands over in the first tick that is not before the delay', () => {
  const { wheel, given } = wheelOf(5)
  wheel.add(7, 'a')
  wheel.add(12, 'b')
  wheel.add(9, 'c')
  passMs(9)
  expect(given).toEqual([])
  passMs(1)
  expect(given).toEqual([['a', 'c']])
  expect(wheel.size).toBe(1)
  passMs(5)
  expect(given).toEqual([['a', 'c'], ['b']])
  expect(wheel.size).toBe(0)
})

test('a late turn hands over every tick that was missed, in order', () => {
  const { wheel, given } = wheelOf(2)
  wheel.add(100, 'late')
  wheel.add(10, 'early')
  passMs(10_000)
  expect(given).toEqual([['early'], ['late']])
})

test('a delay of nothing comes with the next tick, also in a tick already handed over', () => {
  const { wheel, given } = wheelOf(5)
  wheel.add(50, 'x')
  passMs(5)
  wheel.add(0, 'y')
  passMs(5)
  expect(given).toEqual([['y']])
})

test('goes on after it was empty', () => {
  const { wheel, given } = wheelOf(5)
  wheel.add(5, 'a')
  passMs(5)
  monotonicMs += 60_000
  wheel.add(5, 'b')
  passMs(5)
  expect(given).toEqual([['a'], ['b']])
})

test('what is drained is not handed over', () => {
  const { wheel, given } = wheelOf(5)
  wheel.add(5, 'a')
  wheel.add(500, 'b')
  expect(wheel.drain().sort()).toEqual(['a', 'b'])
  passMs(1_000)
  expect(given).toEqual([])
  expect(wheel.size).toBe(0)
})
