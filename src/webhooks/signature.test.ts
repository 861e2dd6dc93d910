import { describe, expect, test } from 'bun:test'
import { createHmac, randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { newWebhookSecret } from '../domain/webhook-secret.ts'
import { signedHeaders } from './signature.ts'

const id = '01997d2f-3b4c-7d5e-8f60-718293a4b5c6'
const payload = '{"type" : "message.sent", "data" : {"text" : "é 😀"}}'

describe('a signature', () => {
  test('is verified by the official library', () => {
    const secret = newWebhookSecret(randomBytes)
    const headers = signedHeaders(id, payload, [secret], Date.now())
    expect(new Webhook(secret).verify(payload, headers)).toEqual(JSON.parse(payload))
    const other = new Webhook(newWebhookSecret(randomBytes))
    expect(() => other.verify(payload, headers)).toThrow()
    expect(() => new Webhook(secret).verify(`${payload} `, headers)).toThrow()
    const renamed = { ...headers, 'webhook-id': 'another' }
    expect(() => new Webhook(secret).verify(payload, renamed)).toThrow()
  })

  test('is made by each secret while one follows another', () => {
    const secrets = [newWebhookSecret(randomBytes), newWebhookSecret(randomBytes)]
    const headers = signedHeaders(id, payload, secrets, Date.now())
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(payload, headers)).toEqual(JSON.parse(payload))
    }
  })

  test('is HMAC-SHA256 over id, time and body', () => {
    const key = randomBytes(32)
    const headers = signedHeaders(
      id,
      payload,
      [`whsec_${key.toString('base64')}`],
      1_674_087_231_999,
    )
    const signed = createHmac('sha256', key).update(`${id}.1674087231.${payload}`).digest('base64')
    expect(headers).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1674087231',
      'webhook-signature': `v1,${signed}`,
    })
  })
})
