import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, problemOf } from '../../tests/support/api-answers.ts'
import {
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeSecret,
} from '../../tests/support/fake-api.ts'
import { parkedReportsMax } from '../domain/provider-report.ts'

const path = '/api/v1/providers/primary/delivery-reports'
const authorization = `Bearer ${fakeSecret}`
const delivered = {
  message_id: 'p-1',
  status: 'delivered',
  occurred_at: '2026-01-31T13:00:00.5+01:00',
}

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

describe('credentials', () => {
  const wrong: [string, string, Record<string, string>][] = [
    ['none', 'primary', {}],
    ['a wrong secret', 'primary', { authorization: 'Bearer wrong' }],
    ['a secret cut off', 'primary', { authorization: authorization.slice(0, -1) }],
    ['an empty secret', 'primary', { authorization: 'Bearer ' }],
    ['another scheme', 'primary', { authorization: `Basic ${fakeSecret}` }],
    ['the bare secret', 'primary', { authorization: fakeSecret }],
    ['an unknown provider', 'nobody', { authorization }],
    ['an unknown provider and nothing', 'nobody', { authorization: 'Bearer ' }],
    ['a provider without a secret', 'silent', { authorization }],
    ['a provider without a secret, and none given', 'silent', { authorization: 'Bearer ' }],
    ['a name of objects', 'constructor', { authorization }],
  ]
  test.each(wrong)('%s: the same 401', async (_, provider, headers) => {
    const address = `/api/v1/providers/${provider}/delivery-reports`
    const response = await api.send(address, delivered, { ...headers, 'x-request-id': 'r' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="delivery-reports"')
    expect(await problemOf(response)).toEqual({
      type: 'urn:sms-gateway:problem:unauthorized',
      title: 'The credentials are missing or wrong',
      status: 401,
      detail: "Send the provider's secret as a bearer token.",
      request_id: 'r',
    })
    expect(api.reports).toEqual([])
  })

  test('whoever runs it is told which provider and why', async () => {
    const failed = (provider: string, token: string) =>
      api.send(`/api/v1/providers/${provider}/delivery-reports`, delivered, {
        authorization: `Bearer ${token}`,
      })
    for (let count = 0; count < 3; count++) await failed('primary', 'wrong')
    await failed('silent', 'any')
    await failed('nobody'.repeat(20), 'any')
    const said = api.logLines.filter(({ event }) => event === 'reports.unauthorized')
    expect(said).toMatchObject([
      { provider: 'primary', reason: 'wrong_secret', count: 1 },
      { provider: 'silent', reason: 'provider_without_secret', count: 1 },
      { provider: 'nobody'.repeat(20).slice(0, 40), reason: 'unknown_provider', count: 1 },
    ])
    const count = (provider: string, reason: string) =>
      api.metric('sms_reports_unauthorized_total', { provider, reason })
    expect(await count('primary', 'wrong_secret')).toBe(3)
    expect(await count('', 'unknown_provider')).toBe(1)
  })

  test('the scheme may be written in any case', async () => {
    const headers = { authorization: `bearer ${fakeSecret}` }
    expect((await api.send(path, delivered, headers)).status).toBe(200)
  })
})

describe('reports', () => {
  const send = (body: unknown): Promise<Response> => api.send(path, body, { authorization })

  test('one is stored with its time in UTC', async () => {
    const response = await send({ ...delivered, vendor_field: { any: 'thing' } })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ stored: 1 })
    expect(api.reports).toEqual([
      {
        provider: 'primary',
        providerMessageId: 'p-1',
        status: 'delivered',
        errorCode: null,
        occurredAtMs: Date.parse('2026-01-31T12:00:00.500Z'),
      },
    ])
    const labels = { provider: 'primary', status: 'delivered' }
    expect(await api.metric('sms_reports_received_total', labels)).toBe(1)
    expect(await api.metric('sms_reports_matched_total')).toBe(1)
  })

  test('up to 1,000 come as an array, repeated ones too', async () => {
    const response = await send(Array.from({ length: 1_000 }, () => delivered))
    expect(await response.json()).toEqual({ stored: 1_000 })
    expect(api.reports.length).toBe(1_000)
  })

  test('requests that come together are stored together, and each is told its own count', async () => {
    const answers = await Promise.all([send([delivered, delivered]), send(delivered)])
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { stored: 2 },
      { stored: 1 },
    ])
    expect(api.reportBatches).toEqual([3])
  })

  test('a report without a time is taken as one; one from the far future or past too', async () => {
    const { occurred_at: _, ...timeless } = delivered
    const nextDay = new Date(Date.now() + 3_600_000).toISOString()
    await send([
      timeless,
      { ...delivered, occurred_at: '2999-01-01T00:00:00Z' },
      { ...delivered, occurred_at: nextDay },
      { ...delivered, occurred_at: null, error_code: null },
      { ...delivered, error_code: '' },
      { ...delivered, error_code: 'absent' },
      { ...delivered, occurred_at: '0001-01-01T00:00:00Z' },
    ])
    const [first, second, third, fourth, fifth, sixth, seventh] = api.reports
    for (const report of [first, second, fourth, seventh]) expect(report?.occurredAtMs).toBeNull()
    expect(third?.occurredAtMs).toBe(Date.parse(nextDay))
    expect([fourth, fifth, sixth].map((report) => report?.errorCode)).toEqual([
      null,
      null,
      'absent',
    ])
  })

  const faulty: [string, unknown, string[]][] = [
    ['nothing', {}, ['/message_id', '/status']],
    ['text', 'delivered', ['']],
    ['no report', [], ['']],
    ['too many', Array.from({ length: 1_001 }, () => delivered), ['']],
    ['an empty id', { ...delivered, message_id: '' }, ['/message_id']],
    ['an id too long', { ...delivered, message_id: 'x'.repeat(257) }, ['/message_id']],
    ['an id with NUL', { ...delivered, message_id: 'a\0' }, ['/message_id']],
    ['an id as a number', { ...delivered, message_id: 1 }, ['/message_id']],
    ['an unknown status', { ...delivered, status: 'sent' }, ['/status']],
    ['a status of objects', { ...delivered, status: 'constructor' }, ['/status']],
    ['a code too long', { ...delivered, error_code: 'x'.repeat(65) }, ['/error_code']],
    [
      'a time without offset',
      { ...delivered, occurred_at: '2026-01-31T12:00:00' },
      ['/occurred_at'],
    ],
    [
      'a time that is none',
      { ...delivered, occurred_at: '2026-02-30T12:00:00Z' },
      ['/occurred_at'],
    ],
    [
      'some good and some bad',
      [delivered, { status: 'x' }, delivered, null],
      ['/1/message_id', '/1/status', '/3'],
    ],
  ]
  test.each(faulty)(
    '%s: 422, every fault has its pointer, none is stored',
    async (_, body, places) => {
      const response = await send(typeof body === 'string' ? JSON.stringify(body) : body)
      expect(response.status).toBe(422)
      expect(faultPlaces(await problemOf(response))).toEqual(places)
      expect(api.reports).toEqual([])
    },
  )

  test('malformed JSON is 400', async () => {
    expect((await send('[')).status).toBe(400)
  })

  test('PostgreSQL away is 503 and not a 2xx', async () => {
    api.failures.applyReports = databaseError('ECONNREFUSED')
    const response = await send(delivered)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  })

  test('parked reports are counted', async () => {
    const parking = createFakeApi({
      store: {
        insertMessages: async () => undefined,
        insertRequests: async () => [],
        findKeyed: async () => [],
        cancelMessage: async () => null,
        applyReports: async () => ({
          matched: 1,
          parked: 2,
          moved: [],
          traced: [],
          refused: new Set<number>(),
        }),
        measureParkedReports: async () => ({ count: 0, oldestAgeMs: 0 }),
        queries: { get: async () => null, reports: async () => null, list: async () => [] },
      },
    })
    await parking.send(path, [delivered, delivered, delivered], { authorization })
    expect(await parking.metric('sms_reports_matched_total')).toBe(1)
    expect(await parking.metric('sms_reports_parked_total')).toBe(2)
    await parking.close()
  })

  test('where nothing may be parked, a request with one that matches nothing is 503', async () => {
    const full = createFakeApi({
      store: {
        insertMessages: async () => undefined,
        insertRequests: async () => [],
        findKeyed: async () => [],
        cancelMessage: async () => null,
        applyReports: async (reports, _windowMs, _nowMs, mayPark) => ({
          matched: 1,
          parked: 0,
          moved: [],
          traced: [],
          refused: new Set(mayPark === false ? [reports.length - 1] : []),
        }),
        measureParkedReports: async () => ({ count: parkedReportsMax, oldestAgeMs: 0 }),
        queries: { get: async () => null, reports: async () => null, list: async () => [] },
      },
    })
    const answers = await Promise.all([
      full.send(path, delivered, { authorization }),
      full.send(path, [delivered, delivered], { authorization }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 503])
    expect(answers[1]?.headers.get('retry-after')).toBe('60')
    expect((await problemOf(answers[1] as Response)).type).toEndWith(':overloaded')
    expect(await full.metric('sms_reports_refused_total')).toBe(1)
    await full.close()
  })
})
