import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { newWebhookSecret } from './webhook-secret.ts'

test('a secret is one of the official library, with 32 bytes', () => {
  const secret = newWebhookSecret(randomBytes)
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32)
  expect(() => new Webhook(secret)).not.toThrow()
  expect(newWebhookSecret(randomBytes)).not.toBe(secret)
})
