import { expect, test } from 'bun:test'
import { behaviourDefault } from './behaviour.ts'
import { fateDraw, takes } from './fate.ts'

const at = (chance: number) => () => chance

test('without rates everything is taken, and no random number is used', () => {
  const draw = fateDraw(behaviourDefault)
  expect(
    draw(() => {
      throw new Error('used')
    }),
  ).toBe('taken')
})

test('rates share [0, 1) in their order, and the rest is taken', () => {
  const draw = fateDraw({
    ...behaviourDefault,
    error_rate: 0.1,
    throttle_rate: 0.2,
    malformed_rate: 0.3,
  })
  expect([0, 0.09, 0.1, 0.29, 0.31, 0.59, 0.61, 0.99].map((chance) => draw(at(chance)))).toEqual([
    'error',
    'error',
    'throttled',
    'throttled',
    'malformed',
    'malformed',
    'taken',
    'taken',
  ])
})

test('rates that sum to 1 leave nothing to be taken, whatever the rounding', () => {
  const tenth = 0.1
  const draw = fateDraw({
    ...behaviourDefault,
    error_rate: tenth * 3,
    reject_rate: tenth * 2,
    hang_rate: 0.5,
  })
  expect(draw(at(1 - Number.EPSILON / 2))).toBe('hang')
})

test('an outage comes before everything', () => {
  const draw = fateDraw({ ...behaviourDefault, outage: true, reset_rate: 1 })
  expect(draw(at(0))).toBe('outage')
})

test('a hang takes the message or not, as told', () => {
  expect(takes('hang', { ...behaviourDefault, hang_takes: true })).toBe(true)
  expect(takes('hang', { ...behaviourDefault, hang_takes: false })).toBe(false)
  expect(takes('reset', behaviourDefault)).toBe(true)
  expect(takes('reset_before', behaviourDefault)).toBe(false)
})
