import { expect, test } from 'bun:test'
import { createFifo } from './fifo.ts'

test('gives items back in the order they came, however pushes and shifts interleave', () => {
  const fifo = createFifo<number>()
  const taken: number[] = []
  let next = 0
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < 37; i++) fifo.push(next++)
    for (let i = 0; i < 31; i++) taken.push(fifo.shift() ?? -1)
  }
  expect(fifo.length).toBe(200 * 6)
  expect(fifo.peek()).toBe(200 * 31)
  while (fifo.length > 0) taken.push(fifo.shift() ?? -1)
  expect(taken).toEqual(Array.from({ length: next }, (_, index) => index))
})

test('an empty one gives nothing, and works again afterwards', () => {
  const fifo = createFifo<string>()
  expect(fifo.shift()).toBeUndefined()
  expect(fifo.peek()).toBeUndefined()
  fifo.push('a')
  expect(fifo.shift()).toBe('a')
  expect(fifo.shift()).toBeUndefined()
  expect(fifo.length).toBe(0)
})
