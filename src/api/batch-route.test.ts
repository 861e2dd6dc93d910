import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, type ProblemAnswer, problemOf } from '../../tests/support/api-answers.ts'
import { eventually } from '../../tests/support/eventually.ts'
import { createFakeApi, databaseError, type FakeApi } from '../../tests/support/fake-api.ts'
import { batchAnswerSchema } from './openapi/openapi-messages.ts'

const path = '/api/v1/messages/batch'
const good = { phone: '+491701234567', message: 'hi', customer_id: 1 }

interface Item {
  readonly id?: string
  readonly status?: string
  readonly lane?: string
  readonly error?: ProblemAnswer
}
const itemsOf = (body: unknown): Item[] => (body as { messages: Item[] }).messages

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

describe('batch', () => {
  test('good and bad messages are answered each for itself, in order', async () => {
    const messages = [
      good,
      { ...good, phone: 'x', extra: 1 },
      { ...good, lane: 'express' },
      null,
      { ...good, lane: 'slow' },
      good,
    ]
    const response = await api.send(path, { messages })
    expect(response.status).toBe(202)
    const body = batchAnswerSchema.parse(await response.json())
    const items = itemsOf(body)
    expect(items.map((item) => item.status ?? item.error?.status)).toEqual([
      'queued',
      422,
      'queued',
      422,
      422,
      'queued',
    ])
    expect(faultPlaces(items[1]?.error ?? {})).toEqual(['/messages/1/extra', '/messages/1/phone'])
    expect(faultPlaces(items[3]?.error ?? {})).toEqual(['/messages/3'])
    expect(faultPlaces(items[4]?.error ?? {})).toEqual(['/messages/4/lane'])
    expect(items.map((item) => item.lane)).toEqual([
      'normal',
      undefined,
      'express',
      undefined,
      undefined,
      'normal',
    ])
    const accepted = items.flatMap((item) => item.id ?? [])
    expect(api.inserted.map((message) => message.id)).toEqual(accepted)
    expect(new Set(accepted).size).toBe(3)
    expect(api.enqueued.map(([lane]) => lane)).toEqual(['express', 'normal', 'normal'])
    expect(await api.metric('sms_refused_total', { reason: 'invalid' })).toBe(3)
  })

  test('10,000 messages are one commit', async () => {
    const messages = Array.from({ length: 10_000 }, () => good)
    const response = await api.send(path, { messages })
    expect(response.status).toBe(202)
    expect(itemsOf(await response.json()).length).toBe(10_000)
    expect(await api.metric('sms_accepted_total', { lane: 'normal' })).toBe(10_000)
  })

  test('when none is accepted it is 422 with the same list inside', async () => {
    const response = await api.send(path, { messages: [{}, { ...good, phone: '1' }] })
    expect(response.status).toBe(422)
    const problem = await problemOf(response)
    expect(problem.type).toBe('urn:sms-gateway:problem:no-message-accepted')
    const items = itemsOf(problem)
    expect(items.length).toBe(2)
    expect(faultPlaces(items[1]?.error ?? {})).toEqual(['/messages/1/phone'])
  })

  const faulty: [string, unknown, string[]][] = [
    ['no list', {}, ['/messages']],
    ['an empty list', { messages: [] }, ['/messages']],
    ['a list too long', { messages: Array.from({ length: 10_001 }, () => good) }, ['/messages']],
    ['a list that is none', { messages: good }, ['/messages']],
    ['an unknown field beside it', { messages: [good], lane: 'express' }, ['/lane']],
    ['a bare array', [good], ['']],
  ]
  test.each(faulty)('%s is 422 as a whole', async (_, body, places) => {
    const response = await api.send(path, body)
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(places)
    expect(api.inserted).toEqual([])
  })

  test('every item says at least one of its faults, however many there are', async () => {
    const stuffed = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n]))
    const response = await api.send(path, { messages: [stuffed, { ...good, phone: 1 }, good] })
    const items = itemsOf(await response.json())
    expect(items[0]?.error?.errors?.length).toBe(10_000)
    expect(faultPlaces(items[1]?.error ?? {})).toEqual(['/messages/1/phone'])
    expect(items[2]?.status).toBe('queued')
  })

  test('when PostgreSQL is away it is 503 as a whole, and still tells of each', async () => {
    api.failures.insert = databaseError('ECONNREFUSED')
    const response = await api.send(path, { messages: [good, {}] })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    const items = itemsOf(await problemOf(response))
    expect(items.map((item) => item.error?.status)).toEqual([503, 422])
  })

  test('a full lane refuses its own messages only', async () => {
    const full = createFakeApi({
      queue: {
        append: async () => undefined,
        depth: async (lane) => ({
          total: lane === 'normal' ? 5_000 : 0,
          pending: 0,
          oldestAgeMs: null,
          shareAgesMs: [],
        }),
      },
    })
    await new Promise(setImmediate)
    const mixed = await full.send(path, { messages: [good, { ...good, lane: 'express' }] })
    expect(mixed.status).toBe(202)
    expect(itemsOf(await mixed.json()).map((item) => item.error?.status)).toEqual([503, undefined])
    const normal = await full.send(path, { messages: [good, {}] })
    expect(normal.status).toBe(503)
    expect(normal.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    await full.close()
  })

  test('more than may be under way is 503', async () => {
    const small = createFakeApi({ limits: { acceptInFlightMax: 2, queueDepthMax: 1_000 } })
    const held = Promise.withResolvers<void>()
    small.hold = held.promise
    const first = small.send(path, { messages: [good, good, good] })
    // Not looked into any more: parsing it would take the time that the accepted ones need.
    const second = await eventually(
      async () => {
        const response = await small.send(path, 'no JSON')
        return response.status === 503 && response
      },
      { what: 'the first one is under way' },
    )
    expect(second.headers.get('retry-after')).toBe('1')
    expect(await small.metric('sms_refused_total', { reason: 'in_flight_full' })).toBe(1)
    held.resolve()
    expect((await first).status).toBe(202)
    await small.close()
  })
})
