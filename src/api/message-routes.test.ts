import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, databaseError, storedMessage } from '../../tests/support/fake-api.ts'
import { messageIdFloor } from '../domain/message-id.ts'
import { type MessageBody, messageListSchema, messageSchema } from './message-schemas.ts'
import { type DeliveryReportsBody, deliveryReportsSchema } from './report-schemas.ts'

const api = createFakeApi()
const path = '/api/v1/messages'
afterAll(() => api.close())
afterEach(() => {
  api.known.messages = []
  api.known.reports = []
  api.listed.length = 0
  delete api.failures.queries
})

describe('one message', () => {
  test('is shown with all that is known of it', async () => {
    const failure = {
      attempt: 1,
      provider: 'backup',
      kind: 'unavailable',
      code: 'connection_refused',
      detail: 'refused',
      at: '2026-01-31T11:59:59.000Z',
    } as const
    const id = Bun.randomUUIDv7('hex', Date.parse('2026-01-31T11:59:58.123Z'))
    api.known.messages = [storedMessage({ id, failures: [failure], attempts: 2 })]
    const response = await api.send(`${path}/${id}`)
    expect(response.status).toBe(200)
    const body = await jsonOf<MessageBody>(response)
    expect(messageSchema.parse(body)).toEqual(body)
    expect(body).toEqual({
      id,
      status: 'sent',
      lane: 'normal',
      phone: '+491701234567',
      message: 'hello',
      message_redacted_at: null,
      phone_redacted_at: null,
      encoding: 'gsm7',
      segments: 1,
      price: null,
      customer_id: 7,
      sender_id: null,
      provider: 'primary',
      provider_message_id: 'p-1',
      attempts: 2,
      failures: [failure],
      accepted_at: '2026-01-31T11:59:58.123Z',
      sent_at: '2026-01-31T12:00:00.000Z',
      final_at: null,
      expires_at: '2026-02-01T12:00:00.000Z',
    })
    expect((await api.send(`${path}/${id.toUpperCase()}`)).status).toBe(200)
  })

  const unknown = [Bun.randomUUIDv7(), crypto.randomUUID(), '1', '%00', "';--", 'ä']
  test.each(unknown)('%s is 404', async (id) => {
    for (const address of [`${path}/${id}`, `${path}/${id}/delivery-reports`]) {
      const response = await api.send(address)
      expect(response.status).toBe(404)
      expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:message-not-found')
    }
  })

  test('its reports are shown oldest first; none is an empty list', async () => {
    const message = storedMessage()
    api.known.messages = [message]
    const address = `${path}/${message.id}/delivery-reports`
    expect(await (await api.send(address)).json()).toEqual({ delivery_reports: [] })
    api.known.reports = [
      {
        status: 'delivered',
        provider: 'primary',
        providerMessageId: 'p-1',
        errorCode: null,
        detail: null,
        occurredAt: new Date('2026-01-31T12:00:00.000Z'),
        receivedAt: new Date('2026-01-31T12:00:01.000Z'),
      },
    ]
    const body = await jsonOf<DeliveryReportsBody>(await api.send(address))
    expect(deliveryReportsSchema.parse(body)).toEqual(body)
    expect(body.delivery_reports).toEqual([
      {
        status: 'delivered',
        provider: 'primary',
        provider_message_id: 'p-1',
        error_code: null,
        detail: null,
        occurred_at: '2026-01-31T12:00:00.000Z',
        received_at: '2026-01-31T12:00:01.000Z',
      },
    ])
  })

  test('PostgreSQL away is 503, a defect is 500', async () => {
    const { id } = storedMessage()
    for (const address of [`${path}/${id}`, `${path}/${id}/delivery-reports`, path]) {
      api.failures.queries = databaseError('CONNECTION_CLOSED')
      const response = await api.send(address)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      api.failures.queries = new Error('a defect')
      expect((await api.send(address)).status).toBe(500)
    }
  })
})

describe('listing', () => {
  test('that takes too long says what helps', async () => {
    api.failures.queries = databaseError('57014')
    const response = await api.send(`${path}?status=failed`)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('from and to') })
  })

  test('cursors lead through all messages, each once, newest first', async () => {
    api.known.messages = Array.from({ length: 7 }, (_, n) =>
      storedMessage({ id: Bun.randomUUIDv7('hex', 1_795_000_000_000 + n) }),
    )
    const seen: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const body = messageListSchema.parse(await (await api.send(`${path}?limit=3${query}`)).json())
      seen.push(...body.messages.map((message) => message.id))
      cursor = body.next_cursor
      pages++
    } while (cursor !== null)
    expect(pages).toBe(3)
    expect(seen).toEqual(api.known.messages.map((message) => message.id).toReversed())
  })

  test('a page that ends with the last message says so', async () => {
    api.known.messages = [storedMessage(), storedMessage()]
    const body = messageListSchema.parse(await (await api.send(`${path}?limit=2`)).json())
    expect(body.messages.length).toBe(2)
    expect(body.next_cursor).toBe(null)
  })

  test('filters are passed on', async () => {
    const query =
      'status=delivered&recipient=%2B491701234567&lane=express&provider=backup&from=2026-01-31T12:00:00Z&to=2026-01-31T13:00:00%2B01:00'
    expect((await api.send(`${path}?${query}`)).status).toBe(200)
    expect((await api.send(`${path}?phone=+491701234567&limit=1000`)).status).toBe(200)
    expect(api.listed).toEqual([
      {
        filter: {
          status: 'delivered',
          recipient: '+491701234567',
          lane: 'express',
          provider: 'backup',
          from: new Date('2026-01-31T12:00:00Z'),
          to: new Date('2026-01-31T12:00:00Z'),
        },
        before: null,
        limit: 51,
      },
      { filter: { recipient: '+491701234567' }, before: null, limit: 1_001 },
    ])
  })

  const faulty: [string, string[]][] = [
    ['status=gone', ['status']],
    ['recipient=1', ['recipient']],
    ['recipient=%2B491701234567&phone=%2B491701234567', ['phone']],
    ['lane=fast', ['lane']],
    ['provider=No%20Such', ['provider']],
    ['from=yesterday&to=2026-02-30T00:00:00Z', ['from', 'to']],
    ['from=2026-01-31T13:00:00%2B01:00&to=2026-01-31T11:59:59Z', ['to']],
    ['lane=x&from=2026-01-31T13:00:00Z&to=2026-01-31T11:59:59Z', ['lane', 'to']],
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['limit=1e2', ['limit']],
    ['limit=-1', ['limit']],
    ['limit=', ['limit']],
    ['limit=1&limit=2', ['limit']],
    ['page=2&offset=1', ['offset', 'page']],
    ['__proto__=1', ['__proto__']],
    ['status=x&lane=y&limit=z&foo=1', ['foo', 'lane', 'limit', 'status']],
  ]
  test.each(faulty)('?%s is 422 and every fault has its name', async (query, places) => {
    const response = await api.send(`${path}?${query}`)
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(places)
    expect(api.listed).toEqual([])
  })

  test.each(['', 'x', messageIdFloor(0), 'AAAAAAAAAAAAAAAAAAAAAA'])(
    'cursor=%s is a fault beside the others',
    async (cursor) => {
      const response = await api.send(`${path}?cursor=${cursor}&limit=0`)
      expect(response.status).toBe(422)
      expect(faultPlaces(await problemOf(response))).toEqual(['cursor', 'limit'])
    },
  )
})
