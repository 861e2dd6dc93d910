import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { eventually } from '../../tests/support/eventually.ts'
import { createFakeApi, databaseError, type FakeApi } from '../../tests/support/fake-api.ts'
import { issueKey } from './issued-key.ts'

const path = '/api/v1/messages'
const message = { phone: '+491701234567', message: 'hello', customer_id: 1 }

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

const submit = (key: string, body: unknown = message, address = path, headers = {}) =>
  api.send(address, body, { 'idempotency-key': key, ...headers })

const kindOf = async (response: Response) => (await problemOf(response)).type.split(':').at(-1)

describe('one message', () => {
  test('is accepted once, and its answer given again', async () => {
    const first = await submit('"k-1"')
    expect(first.status).toBe(202)
    expect(first.headers.has('idempotency-replayed')).toBe(false)
    const again = await submit('k-1')
    expect(again.status).toBe(202)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.headers.get('location')).toBe(first.headers.get('location') ?? '')
    expect(await jsonOf(again)).toEqual(await jsonOf(first))
    expect(api.inserted.length).toBe(1)
    expect(await api.metric('sms_idempotent_replays_total')).toBe(1)
    expect(await api.metric('sms_accepted_total', { lane: 'normal' })).toBe(1)
    expect(api.enqueued.length).toBe(1)
  })

  test('an answer that was kept whole, as it was before, is given too', async () => {
    const first = await (await submit('old')).text()
    for (const [place, answer] of api.known.answers) {
      api.known.answers.set(place, { ...answer, response: first })
    }
    const again = await submit('old')
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await again.text()).toBe(first)
  })

  test('another body or address under its key is 422', async () => {
    await submit('k')
    for (const response of [
      await submit('k', { ...message, message: 'other' }),
      await submit('k', message, `${path}/express`),
      await submit('k', { messages: [message] }, `${path}/batch`),
    ]) {
      expect(response.status).toBe(422)
      expect(await kindOf(response)).toBe('idempotency-key-reused')
    }
    expect(api.inserted.length).toBe(1)
  })

  test('while it is being worked on its repetition is 409, and then answered', async () => {
    const held = Promise.withResolvers<void>()
    api.hold = held.promise
    const first = submit('k')
    const second = await submit('k')
    expect(second.status).toBe(409)
    expect(await kindOf(second)).toBe('request-in-progress')
    expect(second.headers.get('retry-after')).toBe('1')
    const other = submit('another')
    held.resolve()
    expect((await first).status).toBe(202)
    expect((await other).status).toBe(202)
    expect((await submit('k')).headers.get('idempotency-replayed')).toBe('true')
  })

  test('that was not accepted leaves its key free', async () => {
    expect((await submit('k', { ...message, phone: '1' })).status).toBe(422)
    api.failures.insert = databaseError('ECONNREFUSED')
    expect((await submit('k')).status).toBe(503)
    delete api.failures.insert
    const accepted = await submit('k')
    expect(accepted.status).toBe(202)
    expect(accepted.headers.has('idempotency-replayed')).toBe(false)
  })

  test('whose time is over meanwhile is answered as it was', async () => {
    let nowMs = Date.now()
    const clock = { now: () => nowMs, monotonicMs: () => performance.now() }
    const later = createFakeApi({ clock })
    const body = { ...message, expires_at: new Date(nowMs + 10_000).toISOString() }
    const headers = { 'idempotency-key': 'k' }
    const first = await later.send(path, body, headers)
    expect(first.status).toBe(202)
    nowMs += 12_000
    const again = await later.send(path, body, headers)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await jsonOf(again)).toEqual(await jsonOf(first))
    expect((await later.send(path, body)).status).toBe(422)
    const batch = { messages: [body] }
    expect((await later.send(`${path}/batch`, batch, headers)).status).toBe(422)
    await later.close()
  })

  test('that is new does not suffer from an answer that cannot be read', async () => {
    await submit('known')
    api.failures.findKeyed = databaseError('57014')
    const [known, fresh] = await Promise.all([submit('known'), submit('fresh')])
    expect([known.status, fresh.status]).toEqual([503, 202])
    expect(api.enqueued.length).toBe(2)
    expect(await api.metric('sms_accepted_total', { lane: 'normal' })).toBe(2)
  })

  test('of two customers with the same key is two', async () => {
    const keys = [7, 8].map((customerId) => {
      const { key, prefix, hash } = issueKey()
      api.known.keys.set(prefix, { hash, customerId, scopes: ['send'], refusal: null })
      return { authorization: `Bearer ${key}` }
    })
    for (const headers of keys) {
      const { customer_id: _, ...body } = message
      const response = await submit('k', body, path, headers)
      expect(response.headers.has('idempotency-replayed')).toBe(false)
      expect(response.status).toBe(202)
    }
    expect(api.inserted.map(({ customerId }) => customerId)).toEqual([7, 8])
  })

  test.each(['', '""', '"open', 'x'.repeat(256), 'a b'])('%p is no key: 422', async (key) => {
    const response = await submit(key, { ...message, phone: '1' })
    if (key === '') return expect(response.status).toBe(422)
    expect(response.status).toBe(422)
    const { errors } = await jsonOf<{ errors: object[] }>(response)
    expect(errors).toContainEqual(expect.objectContaining({ header: 'Idempotency-Key' }))
    expect(errors).toContainEqual(expect.objectContaining({ pointer: '/phone' }))
  })
})

describe('a batch', () => {
  const messages = [message, { ...message, phone: '1' }, { ...message, lane: 'express' }]

  test('is accepted once, and its answer given again, faults and all', async () => {
    const first = await submit('b', { messages }, `${path}/batch`)
    const again = await submit('b', { messages }, `${path}/batch`)
    expect([first.status, again.status]).toEqual([202, 202])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const answer = await jsonOf<{ messages: object[] }>(first)
    expect(await jsonOf<object>(again)).toEqual(answer)
    expect(answer.messages.map((item) => 'error' in item)).toEqual([false, true, false])
    expect(api.inserted.length).toBe(2)
    expect(api.enqueued.map(([lane]) => lane).toSorted()).toEqual(['express', 'normal'])
  })

  test('of which some cannot be taken now is not taken, so that it can be sent again', async () => {
    const full = createFakeApi({
      queue: {
        append: async () => undefined,
        depth: async (lane) => ({
          total: lane === 'normal' ? 2_000 : 0,
          pending: 0,
          oldestAgeMs: null,
          shareAgesMs: [],
        }),
      },
    })
    const headers = { 'idempotency-key': 'b' }
    await eventually(async () => (await full.send(path, message)).status === 503, {
      what: 'the lane is full',
    })
    const response = await full.send(`${path}/batch`, { messages }, headers)
    expect(response.status).toBe(503)
    expect(full.inserted.filter(({ lane }) => lane === 'express')).toEqual([])
    expect(full.known.answers.size).toBe(0)
    await full.close()
  })

  test('of which none is accepted leaves its key free', async () => {
    const faulty = { messages: [{ ...message, phone: '1' }] }
    expect((await submit('b', faulty, `${path}/batch`)).status).toBe(422)
    api.failures.insert = databaseError('ECONNREFUSED')
    const away = await submit('b', { messages }, `${path}/batch`)
    expect(away.status).toBe(503)
    delete api.failures.insert
    expect((await submit('b', { messages }, `${path}/batch`)).status).toBe(202)
  })
})
