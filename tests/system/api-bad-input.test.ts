/** Bad input against the compiled binary, over real sockets: each is answered in its own words, and nothing breaks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { type ApiProcess, reportSecret, startApiProcess } from './api-process.ts'

const messages = '/api/v1/messages'
const good = { phone: '+491701234567', message: 'a text', customer_id: 1 }
const json = { 'content-type': 'application/json' }

let api: ApiProcess
beforeAll(async () => {
  api = await startApiProcess()
}, 90_000)
afterAll(() => api.stop())

afterEach(async () => {
  const health = await fetch(`${api.url}/health`)
  expect(await health.json()).toEqual({ status: 'ok' })
})

interface Problem {
  readonly type: string
  readonly status: number
  readonly errors?: { readonly pointer?: string; readonly parameter?: string }[]
}

const kindOf = ({ type }: Problem): string => type.replace('urn:sms-gateway:problem:', '')
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(api.url + path, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    headers: { ...json, ...headers },
  })

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{1,64}$/)
  const problem = (await response.json()) as Problem
  expect(problem.status).toBe(response.status)
  return problem
}

describe('bodies', () => {
  const bodies: [string, unknown, Record<string, string>, number, string][] = [
    ['cut off', '{"phone":', {}, 400, 'malformed-json'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'malformed-json'],
    ['empty', '', {}, 400, 'malformed-json'],
    [
      'a form',
      'phone=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    [
      'compressed',
      Bun.gzipSync('{}'),
      { 'content-encoding': 'gzip' },
      415,
      'unsupported-media-type',
    ],
    ['too large', ' '.repeat(65_537), {}, 413, 'body-too-large'],
    ['without values', {}, {}, 422, 'invalid-request'],
    ['with NUL', { ...good, message: 'a\0' }, {}, 422, 'invalid-request'],
    [
      'with half a character',
      '{"phone":"+491701234567","customer_id":1,"message":"\\ud83d"}',
      {},
      422,
      'invalid-request',
    ],
  ]
  test.each(bodies)('%s', async (_, body, headers, status, kind) => {
    for (const path of [messages, `${messages}/express`]) {
      const response = await post(path, body, headers)
      expect(response.status).toBe(status)
      expect(kindOf(await problemOf(response))).toBe(kind)
    }
  })

  test('every fault is told at once', async () => {
    const problem = await problemOf(await post(messages, { phone: '1', extra: 1, customer_id: 0 }))
    const pointers = problem.errors?.map(({ pointer }) => pointer).sort()
    expect(pointers).toEqual(['/customer_id', '/extra', '/message', '/phone'])
  })

  test('a chunked body beyond the limit is cut off there', async () => {
    const head = `POST ${messages} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
    const answer = await api.raw(head + chunk.repeat(3))
    expect(answer).toStartWith('HTTP/1.1 413 ')
    expect(answer).toContain('problem:body-too-large')
  })

  test('a chunked body within the limit is taken', async () => {
    const body = JSON.stringify(good)
    const pieces = [body.slice(0, 7), body.slice(7)]
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
    const answer = await api.raw(
      `POST ${messages} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
      '"queued"',
    )
    expect(answer).toStartWith('HTTP/1.1 202 ')
  })

  test('bytes that are no HTTP, and clients that leave in the middle', async () => {
    await api.raw('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')
    await api.raw('BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await api.raw(
      `POST ${messages} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    )
    const leaving = new AbortController()
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"phone":'))
        setImmediate(() => leaving.abort())
      },
    })
    const left = fetch(api.url + messages, {
      method: 'POST',
      body,
      headers: json,
      signal: leaving.signal,
    })
    await expect(left).rejects.toThrow()
  })
})

describe('batches', () => {
  test('good and bad messages are answered in order', async () => {
    const response = await post(`${messages}/batch`, {
      messages: [good, { ...good, phone: 1 }, good],
    })
    expect(response.status).toBe(202)
    const body = (await response.json()) as { messages: { id?: string; error?: Problem }[] }
    expect(body.messages.map(({ error }) => error?.errors?.[0]?.pointer)).toEqual([
      undefined,
      '/messages/1/phone',
      undefined,
    ])
    for (const { id } of body.messages) {
      if (id !== undefined) expect((await fetch(`${api.url}${messages}/${id}`)).status).toBe(200)
    }
  })

  test('a batch of nothing but faults is 422, of too many bytes 413', async () => {
    const faulty = await post(`${messages}/batch`, { messages: [{}, 1] })
    expect(faulty.status).toBe(422)
    expect(kindOf(await problemOf(faulty))).toBe('no-message-accepted')
    const large = await post(`${messages}/batch`, ' '.repeat(16 * 1_048_576 + 1))
    expect(large.status).toBe(413)
  })
})

describe('addresses', () => {
  const id = Bun.randomUUIDv7()
  const lost: [string, string, number, string][] = [
    ['GET', '/nowhere', 404, 'not-found'],
    ['GET', `${messages}/${id}`, 404, 'message-not-found'],
    ['GET', `${messages}/1/delivery-reports`, 404, 'message-not-found'],
    ['GET', `${messages}/%00`, 404, 'message-not-found'],
    ['GET', `${messages}/%ff`, 404, 'message-not-found'],
    ['DELETE', messages, 405, 'method-not-allowed'],
    ['GET', `${messages}/express`, 405, 'method-not-allowed'],
    ['GET', `${messages}?limit=0&foo=1`, 422, 'invalid-request'],
    ['GET', `${messages}?cursor=zzz`, 422, 'invalid-request'],
  ]
  test.each(lost)('%s %s is %d', async (method, path, status, kind) => {
    const response = await fetch(api.url + path, { method })
    expect(response.status).toBe(status)
    expect(kindOf(await problemOf(response))).toBe(kind)
  })

  test('HEAD tells the length that GET has, and sends no body', async () => {
    const answer = await api.raw(
      'HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/content-length: 15\r\n/i)
    expect(answer).toEndWith('\r\n\r\n')
  })
})

describe('listing', () => {
  test('cursors lead through what was accepted, each message once', async () => {
    const phone = '+4915112345678'
    const batch = { messages: Array.from({ length: 5 }, () => ({ ...good, phone })) }
    const accepted = (await (await post(`${messages}/batch`, batch)).json()) as {
      messages: { id: string }[]
    }
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const query = `recipient=${phone}&limit=2${cursor}`
      const page = (await (await fetch(`${api.url}${messages}?${query}`)).json()) as {
        messages: { id: string }[]
        next_cursor: string | null
      }
      seen.push(...page.messages.map((message) => message.id))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    expect(seen.toSorted()).toEqual(accepted.messages.map((message) => message.id).toSorted())
  })
})

describe("providers' reports", () => {
  const path = (name: string) => `/api/v1/providers/${name}/delivery-reports`
  const report = { message_id: 'never-heard-of', status: 'delivered' }

  test('a wrong secret and an unknown provider get the same 401', async () => {
    const wrong = await post(path('primary'), report, { authorization: 'Bearer x' })
    const unknown = await post(path('nobody'), report, { authorization: `Bearer ${reportSecret}` })
    for (const response of [wrong, unknown]) {
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toStartWith('Bearer')
      expect(kindOf(await problemOf(response))).toBe('unauthorized')
    }
  })

  test('a report for a message nobody knows is stored all the same, and again', async () => {
    const headers = { authorization: `Bearer ${reportSecret}` }
    for (const body of [report, [report, report]]) {
      const response = await post(path('primary'), body, headers)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ stored: Array.isArray(body) ? 2 : 1 })
    }
  })

  test('faults have pointers into the array', async () => {
    const headers = { authorization: `Bearer ${reportSecret}` }
    const response = await post(path('primary'), [report, { status: 'gone' }], headers)
    expect(response.status).toBe(422)
    const pointers = (await problemOf(response)).errors?.map(({ pointer }) => pointer)
    expect(pointers?.toSorted()).toEqual(['/1/message_id', '/1/status'])
  })
})
