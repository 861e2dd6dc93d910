import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeSecret,
} from '../../tests/support/fake-api.ts'

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(() => api.close())

const item = { message_id: 'a1', from: '+491701234567', to: '12345', text: 'hello' }
const bring = (body: unknown, provider = 'primary', secret = fakeSecret) =>
  api.send(`/api/v1/providers/${provider}/inbound-messages`, body, {
    authorization: `Bearer ${secret}`,
  })

describe('what a provider brings', () => {
  test('is taken as it is meant', async () => {
    const receivedAt = new Date(Date.now() - 60_000).toISOString()
    const response = await bring([
      { ...item, received_at: receivedAt, something: 'else' },
      { ...item, message_id: null, part: { reference: 7, total: 2, number: 1 }, udh: null },
      { ...item, udh: '060804beef0202' },
      { ...item, udh: '00' },
      { ...item, part: { reference: 7, total: 1, number: 1 } },
      { ...item, text: '', received_at: '1999-01-01T00:00:00Z' },
    ])
    expect(await response.json()).toEqual({ stored: 6 })
    const common = { provider: 'primary', sender: item.from, recipient: '12345' }
    expect(api.inbound.taken).toMatchObject([
      { ...common, providerMessageId: 'a1', part: null, receivedAtMs: Date.parse(receivedAt) },
      { ...common, providerMessageId: null, part: { reference: 7, total: 2, number: 1 } },
      { ...common, part: { reference: 0xbeef, total: 2, number: 2 }, receivedAtMs: null },
      { ...common, part: null },
      { ...common, part: null },
      { ...common, text: '', receivedAtMs: null },
    ])
    expect(await api.metric('sms_inbound_received_total', { provider: 'primary' })).toBe(6)
  })

  test('is not taken from whoever has no secret, or another', async () => {
    for (const [provider, secret, reason] of [
      ['primary', 'wrong', 'wrong_secret'],
      ['silent', '', 'provider_without_secret'],
      ['nobody', fakeSecret, 'unknown_provider'],
    ] as const) {
      expect((await bring(item, provider, secret)).status).toBe(401)
      const labels = { provider: provider === 'nobody' ? '' : provider, reason }
      expect(await api.metric('sms_inbound_unauthorized_total', labels)).toBe(1)
    }
    expect(api.inbound.taken).toEqual([])
    expect(api.logLines.map(({ event }) => event)).toContain('inbound.unauthorized')
  })

  test('is answered 503 while it cannot be stored', async () => {
    api.inbound.failure = databaseError('ECONNREFUSED')
    const response = await bring(item)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
  })
})
