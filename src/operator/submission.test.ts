import { describe, expect, test } from 'bun:test'
import { parseIdempotencyKey, parseSubmission } from './submission.ts'

const valid = { to: '+15550001111', from: 'ACME', text: 'hi', reference: 'r1' }
const parse = (fields: unknown) => parseSubmission(JSON.stringify(fields))

describe('a submission', () => {
  test('is read, whatever else it holds', () => {
    expect(parse({ ...valid, callback_url: 'http://127.0.0.1:1/x', more: 1 })).toEqual({
      reference: 'r1',
      callbackUrl: 'http://127.0.0.1:1/x',
    })
    expect(parse({ ...valid, from: null, callback_url: null })).toEqual({
      reference: 'r1',
      callbackUrl: null,
    })
  })
  test.each([
    ['to', { ...valid, to: '' }],
    ['from', { ...valid, from: 1 }],
    ['text', { ...valid, text: null }],
    ['reference', { ...valid, reference: undefined }],
    ['reference', { ...valid, reference: 'x'.repeat(201) }],
    ['callback_url', { ...valid, callback_url: 'file:///etc/hosts' }],
    ['body', []],
    ['body', null],
  ])('tells of a bad %s', (field, fields) => {
    expect(parse(fields)).toEqual({ fault: expect.stringContaining(field) })
  })
  test('that is no JSON is told of', () => {
    expect(parseSubmission('{')).toEqual({ fault: expect.stringContaining('body') })
  })
})

test.each([
  ['"abc"', 'abc'],
  ['abc', 'abc'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['"abc', 'abc'],
  ['', null],
  [null, null],
  ['x'.repeat(300), null],
])('the Idempotency-Key %p is %p', (header, key) => {
  expect(parseIdempotencyKey(header)).toBe(key)
})
