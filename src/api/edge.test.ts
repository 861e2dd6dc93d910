import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, type FakeApi } from '../../tests/support/fake-api.ts'
import { requestsMax } from './edge.ts'

let api: FakeApi
beforeEach(() => {
  api = createFakeApi({
    readiness: async () => ({ ready: false, checks: { postgres: 'failing', queue: 'ok' } }),
  })
})
afterEach(async () => {
  await api.close()
})

const ask = async (method: string, path: string, headers: Record<string, string> = {}) =>
  await api.fetch(new Request(`http://localhost${path}`, { method, headers }))

describe('addresses', () => {
  const unknown = [
    '/api/v1',
    '/api/v2/messages',
    '/health/',
    '/api/v1/messages/x/y',
    '//',
    '/docs/x',
  ]
  test.each(unknown)('%s is 404', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      if (path === '/docs/x' && method !== 'GET') continue
      const response = await ask(method, path)
      expect(response.status).toBe(404)
      expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:not-found')
    }
  })

  test.each(['/', '/docs/'])('%s leads to the documentation', async (path) => {
    const response = await ask('GET', path)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/docs')
  })

  const id = Bun.randomUUIDv7()
  const allowed: [string, string, string][] = [
    ['/api/v1/messages', 'DELETE', 'GET, HEAD, OPTIONS, POST'],
    ['/api/v1/messages/express', 'GET', 'OPTIONS, POST'],
    ['/api/v1/messages/batch', 'GET', 'OPTIONS, POST'],
    ['/api/v1/messages/batch', 'PUT', 'OPTIONS, POST'],
    [`/api/v1/messages/${id}`, 'POST', 'GET, HEAD, OPTIONS'],
    [`/api/v1/messages/${id}/delivery-reports`, 'PATCH', 'GET, HEAD, OPTIONS'],
    ['/api/v1/providers/primary/delivery-reports', 'GET', 'OPTIONS, POST'],
    ['/health', 'POST', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'POST', 'GET, HEAD, OPTIONS'],
    ['/openapi.json', 'PUT', 'GET, HEAD, OPTIONS'],
    ['/docs', 'POST', 'GET, HEAD, OPTIONS'],
  ]
  test.each(allowed)('%s: %s is 405 and Allow says what is', async (path, method, allow) => {
    const response = await ask(method, path)
    expect(response.status).toBe(405)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:method-not-allowed')
    expect(response.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow)
    const options = await ask('OPTIONS', path)
    expect(options.status).toBe(204)
    expect(options.headers.get('allow')).toBe(response.headers.get('allow'))
  })

  test('HEAD is answered like GET; the server leaves the body out', async () => {
    for (const path of ['/health', `/api/v1/messages/${id}`, '/api/v1/messages']) {
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)]
      expect(head.status).toBe(get.status)
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
      const text = await (await ask('GET', '/metrics')).text()
      expect(text).toContain('method="HEAD"')
    }
  })
})

describe('service', () => {
  test('health, readiness and metrics', async () => {
    const health = await ask('GET', '/health')
    expect(health.status).toBe(200)
    expect(health.headers.get('content-type')).toBe('application/json')
    expect(await health.json()).toEqual({ status: 'ok' })

    const ready = await ask('GET', '/health/ready')
    expect(ready.status).toBe(503)
    const checks = { postgres: 'failing', queue: 'ok' }
    expect(await ready.json()).toEqual({ status: 'failing', checks })

    const metrics = await ask('GET', '/metrics')
    expect(metrics.headers.get('content-type')).toStartWith('text/plain; version=0.0.4')
    expect(await metrics.text()).toContain('# TYPE sms_accepted_total counter')
  })
})

test('past the most requests in work all but the service routes answer 503', async () => {
  const leave: (() => void)[] = []
  const submit = async () => {
    const body = new ReadableStream({ start: (controller) => leave.push(() => controller.close()) })
    const headers = { 'content-type': 'application/json', 'content-length': '100' }
    const init = { method: 'POST', headers, body: body as unknown as string }
    return await api.fetch(new Request('http://localhost/api/v1/messages', init))
  }
  const inWork = Array.from({ length: requestsMax }, submit)
  const refused = await ask('GET', `/api/v1/messages/${Bun.randomUUIDv7()}`)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await problemOf(refused)).type).toBe('urn:sms-gateway:problem:overloaded')
  expect((await ask('GET', '/health')).status).toBe(200)
  expect((await ask('GET', '/metrics')).status).toBe(200)
  for (const one of leave) one()
  const answers = await Promise.all(inWork)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]))
  expect((await ask('GET', `/api/v1/messages/${Bun.randomUUIDv7()}`)).status).toBe(404)
})

test('when stopping, answers are the last on their connection, and then all are turned away', async () => {
  let isStopping = false
  const ending = createFakeApi({ isStopping: () => isStopping })
  const get = () => ending.send(`/api/v1/messages/${Bun.randomUUIDv7()}`)
  expect((await get()).headers.has('connection')).toBe(false)
  isStopping = true
  const last = await get()
  expect(last.status).toBe(404)
  expect(last.headers.get('connection')).toBe('close')
  ending.turnAway()
  const away = await get()
  expect(away.status).toBe(503)
  expect(away.headers.get('retry-after')).toBe('1')
  expect(away.headers.get('connection')).toBe('close')
  expect((await problemOf(away)).type).toBe('urn:sms-gateway:problem:unavailable')
  expect((await ending.send('/health')).status).toBe(200)
  await ending.close()
})

describe('request ids', () => {
  test('one of a safe form is taken over, into answers and logs', async () => {
    const response = await ask('GET', '/nowhere', { 'x-request-id': 'My_id-1' })
    expect(response.headers.get('x-request-id')).toBe('My_id-1')
    expect((await problemOf(response)).request_id).toBe('My_id-1')
    expect(api.logLines[0]).toMatchObject({ request_id: 'My_id-1', status: 404, level: 'info' })
  })

  test.each(['', 'a b', 'x'.repeat(65), '{}', 'ä'])('"%s" is replaced', async (given) => {
    const response = await ask('GET', '/health', { 'x-request-id': given })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('metrics and logs', () => {
  test('labels are patterns, never addresses', async () => {
    await ask('GET', `/api/v1/messages/${Bun.randomUUIDv7()}`)
    await ask('GET', '/some/where/else')
    await ask('PROPFIND', '/health')
    const text = await (await ask('GET', '/metrics')).text()
    expect(text).toContain(
      'http_requests_total{route="/api/v1/messages/:id",method="GET",status="404"}',
    )
    expect(text).toContain('http_requests_total{route="unmatched",method="GET",status="404"}')
    expect(text).toContain('http_requests_total{route="/health",method="other",status="405"}')
    expect(text).not.toContain('else')
  })

  test('a line a request: debug, info, error by its end; addresses stay out', async () => {
    await ask('GET', '/health')
    await ask('GET', '/api/v1/messages?recipient=%2B491701234567&limit=x')
    await ask('GET', '/health/ready')
    expect(api.logLines.map((line) => line.level)).toEqual(['debug', 'info', 'error'])
    expect(JSON.stringify(api.logLines)).not.toContain('491701234567')
    expect(api.logLines[0]).toMatchObject({
      event: 'http.request',
      method: 'GET',
      route: '/health',
      status: 200,
    })
  })

  test('refusals are told once a second, with their number', async () => {
    const clock = { now: () => 0, monotonicMs: () => nowMs }
    let nowMs = 0
    const timed = createFakeApi({
      clock,
      readiness: async () => ({ ready: false, checks: {} }),
    })
    for (let round = 0; round < 5; round++) await timed.send('/health/ready')
    nowMs = 1_000
    await timed.send('/health/ready')
    expect(timed.logLines.map((line) => line.count)).toEqual([1, 5])
    await timed.close()
  })
})
