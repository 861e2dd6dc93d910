import { afterAll, describe, expect, test } from 'bun:test'
import { problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi } from '../../tests/support/fake-api.ts'

const api = createFakeApi()
afterAll(() => api.close())

const path = '/api/v1/messages'
const good = JSON.stringify({ phone: '+491701234567', message: 'hi', customer_id: 1 })

describe('type', () => {
  const taken = [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON',
  ]
  test.each(taken)('%s is taken', async (type) => {
    expect((await api.send(path, good, { 'content-type': type })).status).toBe(202)
  })

  const refused = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=iso-8859-1',
    'application/vnd.api+json',
    '',
  ]
  test.each(refused)('"%s" is 415', async (type) => {
    const response = await api.send(path, good, { 'content-type': type })
    expect(response.status).toBe(415)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:unsupported-media-type')
  })

  test('an encoded body is 415', async () => {
    expect((await api.send(path, good, { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

describe('syntax', () => {
  const malformed: [string, string | Uint8Array][] = [
    ['empty', ' '],
    ['cut off', good.slice(0, -1)],
    ['no JSON', 'phone=1'],
    ['with more behind', `${good}x`],
    ['with single quotes', good.replaceAll('"', "'")],
    ['NaN', '{"customer_id":NaN}'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['nested without end', '['.repeat(60_000)],
  ]
  test.each(malformed)('a body that is %s is 400', async (_, body) => {
    const response = await api.fetch(post(body))
    expect(response.status).toBe(400)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:malformed-json')
  })

  test('no body at all is 400', async () => {
    const headers = { 'content-type': 'application/json' }
    const request = new Request(`http://localhost${path}`, { method: 'POST', headers })
    expect((await api.fetch(request)).status).toBe(400)
  })
})

describe('size', () => {
  const limits: [string, number][] = [
    [path, 64 * 1_024],
    [`${path}/express`, 64 * 1_024],
    [`${path}/batch`, 16 * 1_048_576],
    ['/api/v1/providers/primary/delivery-reports', 1_048_576],
  ]
  const headersFor = (path: string) =>
    path.includes('/providers/') ? { authorization: 'Bearer a-secret-of-primary' } : {}

  test.each(limits)('%s takes %d bytes, and one more is 413', async (limited, bytesMax) => {
    const fits = await api.send(limited, good.padEnd(bytesMax), headersFor(limited))
    expect([202, 422]).toContain(fits.status)
    const response = await api.send(limited, good.padEnd(bytesMax + 1), headersFor(limited))
    expect(response.status).toBe(413)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:body-too-large')
  })

  test('an announced length is refused before anything is read', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull() {
          pulled++
        },
      },
      { highWaterMark: 0 },
    )
    const request = post(body, { 'content-length': '70000' })
    expect((await api.fetch(request)).status).toBe(413)
    expect(pulled).toBe(0)
  })

  test('a body of unknown length is read to the limit and no further', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(16_384).fill(0x20))
        },
      },
      { highWaterMark: 0 },
    )
    expect((await api.fetch(post(body))).status).toBe(413)
    expect(pulled).toBeLessThan(10)
  })

  test('a body that comes in pieces is put together', async () => {
    const pieces = [good.slice(0, 10), good.slice(10, 11), good.slice(11)]
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
        controller.close()
      },
    })
    expect((await api.fetch(post(body))).status).toBe(202)
  })
})

function post(
  body: string | Uint8Array | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Request {
  return new Request(`http://localhost${path}`, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', ...headers },
  })
}
