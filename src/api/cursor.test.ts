import { expect, test } from 'bun:test'
import { decodeCursor, encodeCursor } from './cursor.ts'

test('a cursor leads back to its id', () => {
  const id = Bun.randomUUIDv7()
  expect(decodeCursor(encodeCursor(id))).toBe(id)
  expect(encodeCursor(id)).not.toContain('=')
})

test('what is no cursor decodes to nothing', () => {
  const foreign = [
    '',
    'x',
    'AAAAAAAAAAAAAAAAAAAAAA',
    `${encodeCursor(Bun.randomUUIDv7())}A`,
    '../../../../etc/passwd1',
  ]
  for (const cursor of foreign) expect(decodeCursor(cursor)).toBe(null)
})
