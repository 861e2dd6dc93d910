import { expect, test } from 'bun:test'
import type { WebhookAttempt } from '../../domain/webhook-attempt.ts'
import { decideWebhook } from './webhook-decision.ts'

const webhook = {
  id: '01997d2f-3b4c-7d5e-8f60-718293a4b5c6',
  endpointId: '01997d2f-3b4c-7d5e-8f60-718293a4b5c7',
  url: 'https://hooks.example.com/',
  eventType: 'message.sent',
  payload: '{}',
  secrets: ['whsec_x'],
  attemptedAtMs: 0,
  step: 1,
  failures: 0,
  traceparent: null,
}

function decide(attempt: Partial<WebhookAttempt>, changes: Partial<typeof webhook> = {}) {
  const whole = { error: null, responseStatus: null, retryAfterMs: 0, ...attempt }
  return decideWebhook({ ...webhook, ...changes }, '7', whole, [5, 300], 0)
}

test('what was delivered is done', () => {
  expect(decide({ responseStatus: 204 })).toEqual({
    id: webhook.id,
    endpointId: webhook.endpointId,
    url: webhook.url,
    token: '7',
    result: 'delivered',
    retryInMs: 0,
    responseStatus: 204,
    errorCode: null,
    pauseMs: 0,
    gone: false,
  })
})

test('a failure is tried again by the schedule, until its end', () => {
  const error = 'http_status'
  expect(decide({ error, responseStatus: 500 })).toMatchObject({
    result: 'pending',
    retryInMs: 5_000,
    pauseMs: 0,
  })
  expect(decide({ error }, { step: 2 })).toMatchObject({ result: 'pending', retryInMs: 300_000 })
  expect(decide({ error }, { step: 3 })).toMatchObject({ result: 'failed', errorCode: error })
  expect(decide({ error: 'redirect', responseStatus: 302 })).toMatchObject({ result: 'pending' })
})

test('an endpoint that is gone is not tried again', () => {
  expect(decide({ error: 'gone', responseStatus: 410 })).toMatchObject({
    result: 'failed',
    gone: true,
  })
})

test('an endpoint that has too much to do gets nothing for a while', () => {
  const throttled = { error: 'throttled', responseStatus: 429 } as const
  expect(decide(throttled)).toMatchObject({ result: 'pending', pauseMs: 1_000, retryInMs: 5_000 })
  expect(decide(throttled, { failures: 3 })).toMatchObject({ pauseMs: 8_000 })
  expect(decide({ ...throttled, retryAfterMs: 60_000 })).toMatchObject({
    pauseMs: 60_000,
    retryInMs: 60_000,
  })
  // Somebody else's Retry-After puts off this delivery alone.
  expect(decide({ error: 'http_status', responseStatus: 503, retryAfterMs: 60_000 })).toMatchObject(
    { pauseMs: 0, retryInMs: 60_000 },
  )
})
