import { afterEach, describe, expect, test } from 'bun:test'
import { createFakeApi, databaseError, type FakeApi } from '../../tests/support/fake-api.ts'

let api: FakeApi | undefined
afterEach(() => api?.close())

const message = { phone: '+491701234567', message: 'hello', customer_id: 7 }
const optOut = {
  position: 1,
  customerId: 7,
  phone: message.phone,
  senderId: null,
  source: 'api' as const,
  since: new Date(0),
}

describe('a message', () => {
  test('of a customer without opt-outs asks nothing', async () => {
    api = createFakeApi()
    api.inbound.optOuts.push({ ...optOut, customerId: 8 })
    for (let n = 0; n < 3; n++)
      expect((await api.send('/api/v1/messages', message)).status).toBe(202)
    expect(api.inbound.questions).toEqual([])
  })

  test('to whoever has opted out is refused, counted, and not committed', async () => {
    api = createFakeApi()
    api.inbound.optOuts.push(optOut)
    const response = await api.send('/api/v1/messages', message)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      type: 'urn:sms-gateway:problem:recipient-opted-out',
      title: 'The recipient has opted out',
    })
    expect(api.inserted).toEqual([])
    expect(await api.metric('sms_refused_total', { reason: 'opted_out' })).toBe(1)
    expect(JSON.stringify(api.logLines)).not.toContain(message.phone)
  })

  test('is asked for with the sender that it would have', async () => {
    api = createFakeApi({ senderIdDefault: 'Acme' })
    api.inbound.optOuts.push({ ...optOut, senderId: 'Other' })
    expect((await api.send('/api/v1/messages', message)).status).toBe(202)
    const named = { ...message, sender_id: 'Other' }
    expect((await api.send('/api/v1/messages', named)).status).toBe(422)
    expect(api.inbound.questions.flat().map(({ senderId }) => senderId)).toEqual(['Acme', 'Other'])
  })

  test('of many is asked for in one statement, without those whose customer has no opt-outs', async () => {
    api = createFakeApi()
    api.inbound.optOuts.push(optOut)
    const messages = Array.from({ length: 3_000 }, (_, n) => ({
      ...message,
      customer_id: n % 3 === 0 ? 8 : 7,
      phone: n % 3 === 1 ? message.phone : '+491701234568',
    }))
    const response = await api.send('/api/v1/messages/batch', { messages })
    expect(response.status).toBe(202)
    expect(api.inbound.questions.map(({ length }) => length)).toEqual([2_000])
    expect(api.inserted).toHaveLength(2_000)
  })
})

test('none is taken while nobody can tell', async () => {
  api = createFakeApi()
  api.inbound.optOuts.push(optOut)
  api.inbound.failure = databaseError('ECONNREFUSED')
  expect((await api.send('/api/v1/messages', message)).status).toBe(503)
  expect(api.inserted).toEqual([])
})
