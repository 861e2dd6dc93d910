import { expect, test } from 'bun:test'
import type { ProcessFigures } from '../../figures/process-figures.ts'
import { createFiguresWindow } from './figures-window.ts'

const told = (
  instance: string,
  sequence: number,
  accepted: number,
  counts: readonly number[] = [],
): ProcessFigures => ({
  instance,
  role: 'api',
  version: '1.0.0',
  sequence,
  values: { accepted, depth: accepted },
  histograms: { wait: counts },
})

test('what grew is added up over processes, from when each was first seen', () => {
  const window = createFiguresWindow()
  window.add([told('a', 1, 1_000)], 0)
  expect(window.perSecond('accepted', 5)).toBe(0)
  window.add([told('a', 2, 1_010), told('b', 1, 500)], 1_000)
  window.add([told('a', 3, 1_030), told('b', 2, 520)], 2_000)
  expect(window.perSecond('accepted', 5)).toBe(10)
  expect(window.perSecond('accepted', 1)).toBe(40)
  expect(window.perSecondOf('b', 'accepted', 5)).toBe(4)
  expect(window.growth('accepted')).toBe(50)
})

test('a process that began anew is counted from nothing', () => {
  const window = createFiguresWindow()
  window.add([told('a', 7, 1_000)], 0)
  window.add([told('a', 1, 30)], 1_000)
  expect(window.growth('accepted')).toBe(30)
})

test('a minute is forgotten, and so is who fell silent', () => {
  const window = createFiguresWindow()
  window.add([told('a', 1, 0), told('b', 1, 0)], 0)
  window.add([told('a', 2, 10), told('b', 2, 10)], 1_000)
  expect(window.processes.map(({ instance }) => instance)).toEqual(['a', 'b'])
  window.add([told('a', 3, 10), told('b', 2, 10)], 7_000)
  expect(window.processes.map(({ instance }) => instance)).toEqual(['a'])
  expect([window.max('depth'), window.sum('depth')]).toEqual([10, 10])
  window.add([told('a', 4, 10)], 62_000)
  expect(window.growth('accepted')).toBe(0)
})

test('buckets are added up, bound by bound', () => {
  const window = createFiguresWindow()
  window.add([told('a', 1, 0, [1, 1, 1]), told('b', 1, 0, [0, 0, 0])], 0)
  window.add([told('a', 2, 0, [1, 3, 4]), told('b', 2, 0, [5, 5, 5])], 1_000)
  expect(window.buckets('wait', 10)).toEqual([5, 7, 8])
  expect(window.buckets('nothing', 10)).toEqual([])
})
