import { expect, test } from 'bun:test'
import { circuitWord } from './circuits.ts'

test('one word for all processors', () => {
  const word = (closed: number, half_open: number, open: number) =>
    circuitWord({ closed, half_open, open }).word
  expect(word(0, 0, 0)).toBe('no processor')
  expect(word(3, 0, 0)).toBe('closed')
  expect(word(0, 0, 2)).toBe('open')
  expect(word(2, 1, 0)).toBe('probing')
  expect(word(2, 0, 1)).toBe('open in 1 of 3')
})
