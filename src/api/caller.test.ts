import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import {
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeAdminToken,
  storedMessage,
} from '../../tests/support/fake-api.ts'
import type { KnownKey } from '../store/api-keys.ts'
import { issueKey } from './issued-key.ts'

const path = '/api/v1/messages'
const message = { phone: '+491701234567', message: 'hello' }

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

/** Makes a key known; answers the headers that bring it. */
function withKey(changes: Partial<KnownKey> = {}): Record<string, string> {
  const { key, prefix, hash } = issueKey()
  const known: KnownKey = {
    hash,
    customerId: 7,
    scopes: ['send', 'read'],
    refusal: null,
    ...changes,
  }
  api.known.keys.set(prefix, known)
  return { authorization: `Bearer ${key}` }
}

const submit = (headers: Record<string, string> = {}, body: object = message) =>
  api.send(path, body, headers)

describe('without a key', () => {
  const fromAddress = (address: string, headers: Record<string, string> = {}) =>
    api.fetch(new Request(`http://localhost${path}`, { headers }), address)

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
    'this machine (%s) is served',
    async (address) => expect((await fromAddress(address)).status).toBe(200),
  )

  test.each(['10.0.0.1', '127.0.0.6', '::2', '::ffff:10.0.0.1', 'fe80::1'])(
    'another (%s) is not',
    async (address) => {
      const response = await fromAddress(address)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toStartWith('Bearer')
      expect((await problemOf(response)).detail).toContain('keys create')
    },
  )

  test.each(['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'])(
    'a proxy on this machine speaks for others (%s)',
    async (header) => {
      expect((await fromAddress('127.0.0.1', { [header]: '10.0.0.1' })).status).toBe(401)
    },
  )

  const names: [string, Record<string, string>, number][] = [
    ['its own name', { host: '127.0.0.1:8080' }, 200],
    ['a name of somebody else', { host: 'rebound.example:8080' }, 401],
    ['a page of its own', { host: 'localhost:8080', origin: 'http://localhost:8080' }, 200],
    ['a page of somebody else', { host: 'localhost:8080', origin: 'https://other.example' }, 401],
  ]
  test.each(names)('asked by %s', async (_, headers, status) => {
    expect((await fromAddress('127.0.0.1', headers)).status).toBe(status)
  })

  test('a message must say whose it is', async () => {
    const response = await submit()
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(['/customer_id'])
    expect((await submit({}, { ...message, customer_id: 9 })).status).toBe(202)
    expect(api.inserted[0]?.customerId).toBe(9)
  })

  test('nobody is served once there is a key', async () => {
    withKey({ refusal: 'revoked' })
    expect((await submit({}, { ...message, customer_id: 9 })).status).toBe(401)
    expect((await api.send(path)).status).toBe(401)
    expect((await api.send('/health')).status).toBe(200)
    expect(await api.metric('sms_refused_total', { reason: 'unauthorized' })).toBe(1)
  })

  test('nobody administers, wherever they are', async () => {
    expect((await api.send('/api/v1/keys')).status).toBe(401)
  })
})

describe('with a key', () => {
  test('messages are its customer’s', async () => {
    const key = withKey()
    expect((await submit(key)).status).toBe(202)
    expect((await submit(key, { ...message, customer_id: 7 })).status).toBe(202)
    expect(api.inserted.map(({ customerId }) => customerId)).toEqual([7, 7])
    const foreign = await submit(key, { ...message, phone: '1', customer_id: 8 })
    expect(foreign.status).toBe(422)
    expect(faultPlaces(await problemOf(foreign))).toEqual(['/customer_id', '/phone'])
  })

  test('each message of a batch is answered for itself', async () => {
    const messages = [message, { ...message, customer_id: 8 }, { ...message, customer_id: 7 }]
    const response = await api.send(`${path}/batch`, { messages }, withKey())
    expect(response.status).toBe(202)
    const answer = await jsonOf<{ messages: { id?: string; error?: { errors: unknown } }[] }>(
      response,
    )
    expect(answer.messages.map(({ id }) => typeof id)).toEqual(['string', 'undefined', 'string'])
    expect(answer.messages[1]?.error?.errors).toEqual([
      { pointer: '/messages/1/customer_id', detail: 'must be 7, the customer of the API key' },
    ])
  })

  test('another customer’s message is none, and is not listed', async () => {
    const own = storedMessage({ customerId: 7 })
    const foreign = storedMessage({ customerId: 8 })
    api.known.messages.push(own, foreign)
    const key = withKey()
    const get = (address: string) => api.send(address, undefined, key)
    for (const end of ['', '/delivery-reports']) {
      expect((await get(`${path}/${own.id}${end}`)).status).toBe(200)
      const response = await get(`${path}/${foreign.id}${end}`)
      expect(response.status).toBe(404)
      expect((await problemOf(response)).type).toEndWith(':message-not-found')
    }
    await get(`${path}?status=sent`)
    expect(api.listed[0]?.filter).toEqual({ status: 'sent', customerId: 7 })
  })

  test('of staff, messages are any customer’s', async () => {
    const key = withKey({ customerId: null })
    expect((await submit(key)).status).toBe(422)
    expect((await submit(key, { ...message, customer_id: 9 })).status).toBe(202)
    expect((await api.send(path, undefined, key)).status).toBe(200)
    expect(api.listed[0]?.filter).toEqual({})
  })

  test('it may come as X-API-Key, and in any case of the scheme', async () => {
    const { authorization = '' } = withKey()
    const key = authorization.slice('Bearer '.length)
    expect((await submit({ 'x-api-key': key })).status).toBe(202)
    expect((await submit({ authorization: `bearer ${key}` })).status).toBe(202)
  })

  test('only what its scopes allow', async () => {
    const [sender, reader] = [withKey({ scopes: ['send'] }), withKey({ scopes: ['read'] })]
    expect((await submit(sender)).status).toBe(202)
    const refused = await api.send(path, undefined, sender)
    expect(refused.status).toBe(403)
    expect((await problemOf(refused)).detail).toContain('"read"')
    expect((await submit(reader)).status).toBe(403)
    expect((await api.send(`${path}/batch`, { messages: [message] }, reader)).status).toBe(403)
    expect((await api.send('/api/v1/keys', undefined, withKey())).status).toBe(403)
    const staff = withKey({ customerId: null, scopes: ['admin'] })
    expect((await api.send('/api/v1/keys', undefined, staff)).status).toBe(200)
  })

  const refusals: [KnownKey['refusal'], number, string][] = [
    ['revoked', 401, 'revoked'],
    ['expired', 401, 'expired'],
    ['customer_disabled', 403, 'disabled'],
  ]
  test.each(refusals)('%s: %d, and it says so', async (refusal, status, word) => {
    const response = await submit(withKey({ refusal }))
    expect(response.status).toBe(status)
    expect((await problemOf(response)).detail).toContain(word)
  })

  test.each(['secret', 'prefix', 'cut off', 'nothing', 'another scheme'])(
    'a wrong one (%s) is 401 and tells nothing',
    async (fault) => {
      const { authorization = '' } = withKey({ refusal: 'revoked' })
      const wrong = {
        secret: `${authorization.slice(0, -1)}${authorization.endsWith('A') ? 'B' : 'A'}`,
        prefix: `Bearer ${issueKey().key}`,
        'cut off': authorization.slice(0, -1),
        nothing: 'Bearer ',
        'another scheme': authorization.replace('Bearer', 'Basic'),
      }[fault]
      const response = await submit({ authorization: wrong ?? '' }, { ...message, customer_id: 1 })
      expect(response.status).toBe(401)
      expect((await problemOf(response)).detail).toBe('There is no such API key.')
    },
  )
})

test('the admin token may do everything', async () => {
  withKey()
  const admin = { authorization: `Bearer ${fakeAdminToken}` }
  expect((await submit(admin, { ...message, customer_id: 3 })).status).toBe(202)
  expect((await api.send(path, undefined, admin)).status).toBe(200)
  expect((await api.send('/api/v1/keys', undefined, admin)).status).toBe(200)
})

test('keys that cannot be read are no reason to let anybody in', async () => {
  const key = withKey()
  api.failures.keys = databaseError('ECONNREFUSED')
  for (const headers of [key, {}]) {
    const response = await submit(headers, { ...message, customer_id: 7 })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  }
  expect(api.inserted).toEqual([])
})

test('a key is read once for many requests', async () => {
  const key = withKey()
  await submit(key)
  api.failures.keys = databaseError('ECONNREFUSED')
  expect((await submit(key)).status).toBe(202)
})
