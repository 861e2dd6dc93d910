import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, databaseError, type FakeApi } from '../../tests/support/fake-api.ts'
import { isMessageId, messageIdTimeMs } from '../domain/message-id.ts'
import { type Accepted, acceptedSchema } from './message-schemas.ts'

const path = '/api/v1/messages'
const good = { phone: '+491701234567', message: 'top secret text', customer_id: 1 }

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

describe('accepting', () => {
  test('answers 202 once the message is committed and enqueued', async () => {
    const response = await api.send(path, { ...good, sender_id: 'Acme' })
    expect(response.status).toBe(202)
    expect(response.headers.get('content-type')).toBe('application/json')
    const body = acceptedSchema.parse(await response.json())
    expect(isMessageId(body.id)).toBe(true)
    expect(body).toEqual({
      id: body.id,
      status: 'queued',
      lane: 'normal',
      accepted_at: new Date(messageIdTimeMs(body.id)).toISOString(),
    })
    expect(response.headers.get('location')).toBe(`${path}/${body.id}`)
    expect(api.inserted).toEqual([
      {
        id: body.id,
        customerId: 1,
        lane: 'normal',
        recipient: good.phone,
        senderId: 'Acme',
        text: good.message,
      },
    ])
    expect(api.enqueued).toEqual([['normal', body.id]])
    expect(await api.metric('sms_accepted_total', { lane: 'normal' })).toBe(1)
  })

  test('express has its own lane, and goes first', async () => {
    const [normal, express] = await Promise.all([
      api.send(path, good),
      api.send(`${path}/express`, good),
    ])
    expect((await jsonOf<Accepted>(normal)).lane).toBe('normal')
    expect((await jsonOf<Accepted>(express)).lane).toBe('express')
    expect(api.enqueued.map(([lane]) => lane)).toEqual(['express', 'normal'])
  })

  test('the same body twice is two messages', async () => {
    const answers = await Promise.all([api.send(path, good), api.send(path, good)])
    const ids = await Promise.all(
      answers.map(async (answer) => (await jsonOf<Accepted>(answer)).id),
    )
    expect(new Set(ids).size).toBe(2)
    expect(api.inserted.length).toBe(2)
  })

  test('the default sender is for messages that name none', async () => {
    const withDefault = createFakeApi({ senderIdDefault: 'Default' })
    await withDefault.send(path, good)
    await withDefault.send(path, { ...good, sender_id: '12345' })
    expect(withDefault.inserted.map((message) => message.senderId)).toEqual(['Default', '12345'])
    await withDefault.close()
  })

  test('a queue that fails after the commit costs no message: still 202, counted, logged once', async () => {
    api.failures.append = new Error('queue away')
    for (let round = 0; round < 3; round++) expect((await api.send(path, good)).status).toBe(202)
    expect(api.inserted.length).toBe(3)
    expect(await api.metric('sms_enqueue_failures_total', { lane: 'normal' })).toBe(3)
    const lines = api.logLines.filter((line) => line.event === 'enqueue.failed')
    expect(lines.length).toBe(1)
  })
})

describe('values', () => {
  const cases: [string, unknown, string[]][] = [
    ['nothing', {}, ['/customer_id', '/message', '/phone']],
    ['no object', [good], ['']],
    ['null', null, ['']],
    ['a number', 7, ['']],
    ['a national number', { ...good, phone: '01701234567' }, ['/phone']],
    ['a number with spaces', { ...good, phone: '+49 170 1234567' }, ['/phone']],
    ['a number as a number', { ...good, phone: 491701234567 }, ['/phone']],
    ['an empty text', { ...good, message: '' }, ['/message']],
    ['a text too long', { ...good, message: 'x'.repeat(1601) }, ['/message']],
    ['NUL', { ...good, message: 'a\0b' }, ['/message']],
    ['customer 0', { ...good, customer_id: 0 }, ['/customer_id']],
    ['a fraction of a customer', { ...good, customer_id: 1.5 }, ['/customer_id']],
    ['a customer beyond 2^53', { ...good, customer_id: 2 ** 53 }, ['/customer_id']],
    ['a customer as text', { ...good, customer_id: '1' }, ['/customer_id']],
    ['a sender too long', { ...good, sender_id: 'TwelveLetter' }, ['/sender_id']],
    ['a sender that is null', { ...good, sender_id: null }, ['/sender_id']],
    ['unknown fields', { ...good, lane: 'express', 'a/b~c': 1 }, ['/a~1b~0c', '/lane']],
    [
      'everything at once',
      { phone: 1, message: 2, customer_id: 'x', sender_id: '', extra: {} },
      ['/customer_id', '/extra', '/message', '/phone', '/sender_id'],
    ],
  ]
  test.each(cases)('%s is 422 and every fault has its pointer', async (_, body, places) => {
    const response = await api.send(path, body)
    expect(response.status).toBe(422)
    const problem = await problemOf(response)
    expect(problem.type).toBe('urn:sms-gateway:problem:invalid-request')
    expect(faultPlaces(problem)).toEqual(places)
    expect(api.inserted).toEqual([])
  })

  test('half a surrogate pair, which only an escape can bring', async () => {
    const response = await api.send(
      path,
      `{"phone":"+491701234567","customer_id":1,"message":"\\ud83d"}`,
    )
    expect(faultPlaces(await problemOf(response))).toEqual(['/message'])
  })

  test('the longest text and the largest customer are taken', async () => {
    const customer_id = Number.MAX_SAFE_INTEGER
    const body = { ...good, customer_id, message: '\u0001'.repeat(1600) }
    expect((await api.send(path, body)).status).toBe(202)
  })

  test('neither answer nor log repeats the text', async () => {
    const response = await api.send(path, { ...good, message: 'top secret text'.repeat(200) })
    expect(await response.text()).not.toContain('secret')
    expect(JSON.stringify(api.logLines)).not.toContain('secret')
  })
})

describe('refusing', () => {
  test('while the lane is over its depth, only that lane', async () => {
    const full = createFakeApi({
      queue: {
        append: async () => undefined,
        depth: async (lane) => ({
          total: lane === 'normal' ? 1_001 : 1_000,
          pending: 0,
          oldestAgeMs: null,
          shareAgesMs: [],
        }),
      },
    })
    // The first measurement began with the API; its promises settle within this turn.
    await new Promise(setImmediate)
    const response = await full.send(path, good)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:overloaded')
    expect((await full.send(`${path}/express`, good)).status).toBe(202)
    expect(await full.metric('sms_refused_total', { reason: 'queue_full' })).toBe(1)
    await full.close()
  })

  test('when as much is under way as may be', async () => {
    const small = createFakeApi({ limits: { acceptInFlightMax: 2, queueDepthMax: 1_000 } })
    const held = Promise.withResolvers<void>()
    small.hold = held.promise
    const first = [small.send(path, good), small.send(path, good)]
    const third = await small.send(path, good)
    expect((await problemOf(third)).type).toBe('urn:sms-gateway:problem:overloaded')
    expect(third.headers.get('retry-after')).toBe('1')
    held.resolve()
    for (const answer of await Promise.all(first)) expect(answer.status).toBe(202)
    await small.close()
  })

  test.each(['ECONNREFUSED', '57P01', '57014', '40001'])(
    '%s of PostgreSQL is 503',
    async (code) => {
      api.failures.insert = databaseError(code)
      const response = await api.send(path, good)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:unavailable')
      expect(await api.metric('sms_refused_total', { reason: 'database' })).toBe(1)
    },
  )

  test('a value PostgreSQL refuses is 422 for its owner alone', async () => {
    const refusal = databaseError('22021')
    const picky = createFakeApi({
      store: {
        insertMessages: async (messages) => {
          if (messages.some((message) => message.text === 'bad')) throw refusal
        },
        insertRequests: async () => [],
        findKeyed: async () => [],
        cancelMessage: async () => null,
        applyReports: async () => ({
          matched: 0,
          parked: 0,
          moved: [],
          traced: [],
          refused: new Set<number>(),
        }),
        measureParkedReports: async () => ({ count: 0, oldestAgeMs: 0 }),
        queries: { get: async () => null, reports: async () => null, list: async () => [] },
      },
    })
    const texts = ['a', 'bad', 'b']
    const answers = await Promise.all(
      texts.map((message) => picky.send(path, { ...good, message })),
    )
    expect(answers.map((answer) => answer.status)).toEqual([202, 422, 202])
    await picky.close()
  })

  test('a defect is 500, tells nothing of the inside, and is logged under its request id', async () => {
    api.failures.insert = databaseError('42703')
    const response = await api.send(path, good, { 'x-request-id': 'request-7' })
    expect(response.status).toBe(500)
    const text = JSON.stringify(await problemOf(response))
    expect(text).toContain('request-7')
    expect(text).not.toContain('42703')
    const line = api.logLines.find((candidate) => candidate.status === 500)
    expect(line).toMatchObject({ level: 'error', request_id: 'request-7', err: { code: '42703' } })
    expect(JSON.stringify(line)).not.toContain('secret')
  })

  test('after close', async () => {
    await api.close()
    const response = await api.send(path, good)
    expect(response.status).toBe(503)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:unavailable')
  })
})
