import { describe, expect, test } from 'bun:test'
import { readAnswer, readFailure } from './webhook-answer.ts'

const nowMs = Date.parse('2026-01-31T12:00:00Z')
const answer = (status: number, retryAfter?: string) =>
  readAnswer(
    status,
    new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    nowMs,
  )

describe('an answer', () => {
  test.each([
    [200, null],
    [204, null],
    [299, null],
    [301, 'redirect'],
    [304, 'redirect'],
    [400, 'http_status'],
    [404, 'http_status'],
    [410, 'gone'],
    [429, 'throttled'],
    [500, 'http_status'],
    [502, 'throttled'],
    [503, 'http_status'],
    [504, 'throttled'],
  ] as const)('of %d is %p', (status, error) => {
    expect(answer(status)).toEqual({ error, responseStatus: status, retryAfterMs: 0 })
  })

  test('tells how long to wait, in seconds or as a date', () => {
    expect(answer(503, '120').retryAfterMs).toBe(120_000)
    expect(answer(429, 'Sat, 31 Jan 2026 12:00:30 GMT').retryAfterMs).toBe(30_000)
    for (const value of ['soon', '-5', '1e9', 'Sat, 31 Jan 2026 11:00:00 GMT', '']) {
      expect(answer(429, value).retryAfterMs).toBe(0)
    }
    expect(answer(200, '120').retryAfterMs).toBe(0)
  })
})

test('a failure is one of few words', () => {
  const failure = (code: unknown) => readFailure({ code })
  expect(failure('ECONNREFUSED')).toBe('connection_refused')
  expect(failure('ENOTFOUND')).toBe('host_not_found')
  expect(failure('ERR_TLS_CERT_ALTNAME_INVALID')).toBe('tls_failed')
  expect(failure('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe('tls_failed')
  for (const other of ['ECONNRESET', 'x', 5, undefined]) {
    expect(failure(other)).toBe('connection_failed')
  }
  expect(readFailure(null)).toBe('connection_failed')
  expect(readFailure('no error')).toBe('connection_failed')
})
