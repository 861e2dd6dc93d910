import { expect, test } from 'bun:test'
import { parseIdempotencyKey } from './idempotency.ts'

const keys: [string, string | null][] = [
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"with a space"', 'with a space'],
  ['"\\"\\\\"', '"\\'],
  ['x'.repeat(255), 'x'.repeat(255)],
  [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ['x'.repeat(256), null],
  ['', null],
  ['""', null],
  ['"open', null],
  ['"a"b"', null],
  ['"a\\b"', null],
  ['with a space', null],
  ['é', null],
  ['"é"', null],
  ['"a", "b"', null],
]

test.each(keys)('%p', (value, key) => {
  expect(parseIdempotencyKey(value)).toBe(key)
})
