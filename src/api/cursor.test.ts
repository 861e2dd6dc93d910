import { expect, test } from 'bun:test'
import {
  decodeCursor,
  decodeDeadLetterCursor,
  encodeCursor,
  encodeDeadLetterCursor,
} from './cursor.ts'

test('a cursor leads back to its id', () => {
  const id = Bun.randomUUIDv7()
  expect(decodeCursor(encodeCursor(id))).toBe(id)
  expect(encodeCursor(id)).not.toContain('=')
})

test('a cursor of dead letters leads back to its place, to the microsecond', () => {
  const position = { deadAtUs: 1_769_860_800_123_457, messageId: Bun.randomUUIDv7() }
  expect(decodeDeadLetterCursor(encodeDeadLetterCursor(position))).toEqual(position)
})

test('what is no cursor decodes to nothing', () => {
  const foreign = [
    '',
    'x',
    'AAAAAAAAAAAAAAAAAAAAAA',
    `${encodeCursor(Bun.randomUUIDv7())}A`,
    '../../../../etc/passwd1',
    '_'.repeat(32),
    'A'.repeat(32),
  ]
  for (const cursor of foreign) {
    expect(decodeCursor(cursor)).toBe(null)
    expect(decodeDeadLetterCursor(cursor)).toBe(null)
  }
})
