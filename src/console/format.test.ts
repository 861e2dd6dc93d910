import { expect, test } from 'bun:test'
import { after, bytes, count, percent, span, time } from './format.ts'

test('counts have three figures, and all below a million', () => {
  expect([0, 0.254, 9.96, 12.34, 99.96, 1234.5, 1_234_567].map(count)).toEqual([
    '0',
    '0.25',
    '9.96',
    '12.3',
    '100',
    '1,235',
    '1.23 M',
  ])
})

test('spans have the unit that fits', () => {
  const seconds = [0, 0.0004, 0.0025, 0.35, 3.44, 61, 300, 9_000, 260_000]
  expect(seconds.map(span)).toEqual([
    '0 s',
    '400 µs',
    '2.5 ms',
    '350 ms',
    '3.4 s',
    '61 s',
    '5 min',
    '2.5 h',
    '3 d',
  ])
})

test('what is not all is not 100 %', () => {
  expect([0, 0.5, 0.98765, 0.99999, 1].map(percent)).toEqual([
    '0 %',
    '50 %',
    '98.8 %',
    '99.9 %',
    '100 %',
  ])
})

test('sizes and times', () => {
  expect([150_000_000, 1_234_000_000].map(bytes)).toEqual(['150 MB', '1.23 GB'])
  expect(time('2026-11-26T23:14:05.123Z')).toBe('2026-11-26 23:14:05')
  expect(after('2026-11-26T23:14:05.000Z', '2026-11-26T23:14:06.250Z')).toBe('+1.3 s')
  expect(after('2026-11-26T23:14:05.000Z', '2026-11-26T23:14:04.000Z')).toBe('−1 s')
})
