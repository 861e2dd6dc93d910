import { describe, expect, test } from 'bun:test'
import { classifyFailure, classifyResponse } from './http-outcome.ts'

const answer = (status: number, body: string | null, headers: Record<string, string> = {}) =>
  classifyResponse(new Response(null, { status, headers }), body)

describe('HTTP outcome', () => {
  test('2xx with an id is taken', () => {
    expect(answer(200, '{"message_id":"abc"}')).toEqual({ kind: 'taken', providerMessageId: 'abc' })
    expect(answer(202, '{"message_id":17}')).toEqual({ kind: 'taken', providerMessageId: '17' })
  })

  test.each([
    ['no body', ''],
    ['no JSON', '<html>'],
    ['no id', '{}'],
    ['an empty id', '{"message_id":""}'],
    ['an id with a NUL', '{"message_id":"a\\u0000b"}'],
    ['a number that lost digits', '{"message_id":9007199254740993}'],
    ['an id of another type', '{"message_id":{}}'],
    ['an array', '[1]'],
    ['an endless id', `{"message_id":"${'x'.repeat(300)}"}`],
    ['an endless body', null],
  ])('2xx with %s may have been taken', (_, body) => {
    expect(answer(200, body)).toMatchObject({ kind: 'indeterminate', code: 'malformed_response' })
  })

  test('a gateway that stopped waiting leaves it in doubt', () => {
    for (const status of [502, 504]) {
      const code = `http_status_${status}`
      expect(answer(status, '')).toMatchObject({ kind: 'indeterminate', code })
    }
  })

  test('a conflict about the key leaves it in doubt, unless the provider says what is wrong', () => {
    expect(answer(409, '')).toMatchObject({ kind: 'indeterminate', code: 'http_status_409' })
    expect(answer(409, '{"error_code":"duplicate"}').kind).toBe('rejected')
  })

  test.each([408, 425, 500, 503])('%d is unavailable', (status) => {
    expect(answer(status, '').kind).toBe('unavailable')
  })

  test('a redirect, or a refusal of us rather than of the message, takes the provider out', () => {
    expect(answer(302, '').kind).toBe('unavailable')
    expect(answer(401, '').kind).toBe('unavailable')
    expect(answer(404, 'not found').kind).toBe('unavailable')
    expect(answer(403, '{"error_code":"blocked_recipient"}').kind).toBe('rejected')
  })

  test('other 4xx are rejections and keep the reason', () => {
    expect(answer(400, '{"error_code":"invalid_recipient","detail":"no such number"}')).toEqual({
      kind: 'rejected',
      code: 'invalid_recipient',
      detail: 'no such number',
    })
    expect(answer(422, '')).toMatchObject({ kind: 'rejected', code: 'http_status_422' })
  })

  test('429 says when to come back, in seconds or by date, within limits', () => {
    const waitOf = (header: Record<string, string>) => {
      const outcome = answer(429, '', header)
      return outcome.kind === 'throttled' ? outcome.retryAfterMs : null
    }
    expect(waitOf({ 'retry-after': '7' })).toBe(7_000)
    expect(waitOf({})).toBe(1_000)
    expect(waitOf({ 'retry-after': 'soon' })).toBe(1_000)
    expect(waitOf({ 'retry-after': '999999999' })).toBe(300_000)
    expect(waitOf({ 'retry-after': new Date(0).toUTCString() })).toBe(0)
  })

  test('what cannot have been sent is unavailable; everything else is in doubt', () => {
    const context = { timedOut: false, timeoutMs: 1_000 }
    const failed = (code: string) =>
      classifyFailure(Object.assign(new Error('x'), { code }), context)
    expect(failed('ECONNREFUSED')).toMatchObject({ kind: 'unavailable', code: 'econnrefused' })
    expect(failed('FailedToOpenSocket').kind).toBe('unavailable')
    expect(failed('ECONNRESET').kind).toBe('indeterminate')
    expect(failed('anything else').kind).toBe('indeterminate')
    expect(classifyFailure(undefined, { ...context, timedOut: true })).toMatchObject({
      kind: 'indeterminate',
      code: 'timeout',
    })
  })

  test('text that PostgreSQL cannot store, or that is too long, is cut', () => {
    const outcome = answer(400, JSON.stringify({ error_code: 'a\0b', detail: 'x'.repeat(1_000) }))
    expect(outcome).toMatchObject({ code: 'ab' })
    expect('detail' in outcome && outcome.detail.length).toBe(300)
  })
})
