import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import {
  controlledAt,
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeAdminToken,
} from '../../tests/support/fake-api.ts'
import type { ProviderBody } from './provider-schemas.ts'

const admin = { authorization: `Bearer ${fakeAdminToken}` }
const path = '/api/v1/providers'

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(() => api.close())

/** A POST without a body, unless there is one. */
const order = (address: string, body?: unknown) =>
  body === undefined
    ? api.fetch(
        new Request(`http://localhost${path}/${address}`, { method: 'POST', headers: admin }),
      )
    : api.send(`${path}/${address}`, body, admin)

describe('access', () => {
  const routes = [path, `${path}/primary/drain`, `${path}/nobody/disable`, `${path}/primary/enable`]
  const wrong: [string, Record<string, string>][] = [
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: `Basic ${fakeAdminToken}` }],
    ["a provider's secret", { authorization: 'Bearer a-secret-of-primary' }],
  ]
  test.each(wrong)('%s: 401, and nothing happens', async (_, headers) => {
    for (const route of routes) {
      const response = await api.send(route, route === path ? undefined : {}, headers)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sms-gateway"')
      expect(await problemOf(response)).toMatchObject({
        type: 'urn:sms-gateway:problem:unauthorized',
        status: 401,
      })
    }
    expect(api.known.controls.size).toBe(0)
  })

  test('without an admin token set, whatever is sent: 403', async () => {
    const off = createFakeApi({ adminToken: null })
    for (const authorization of ['Bearer ', 'Bearer null', `Bearer ${fakeAdminToken}`]) {
      const response = await off.send(path, undefined, { authorization })
      expect(await problemOf(response)).toMatchObject({
        type: 'urn:sms-gateway:problem:admin-off',
        status: 403,
      })
    }
    await off.close()
  })
})

describe('orders', () => {
  test('change the mode, with a note or without a body, and the listing shows it', async () => {
    const drained = await order('primary/drain', { note: 'maintenance' })
    const changed_at = controlledAt.toISOString()
    const shown = {
      name: 'primary',
      weight: 100,
      weight_configured: 100,
      mode: 'draining',
      note: 'maintenance',
      changed_at,
    }
    expect([drained.status, await jsonOf<ProviderBody>(drained)]).toEqual([
      200,
      shown as ProviderBody,
    ])
    const listed = await api.send(path, undefined, admin)
    const silent = {
      name: 'silent',
      weight: 0,
      weight_configured: 0,
      mode: 'enabled',
      note: null,
      changed_at: null,
    }
    expect(await jsonOf<unknown>(listed)).toEqual({ providers: [shown, silent] })
    expect(await jsonOf<ProviderBody>(await order('primary/disable'))).toMatchObject({
      mode: 'disabled',
      note: null,
    })
    expect(await jsonOf<ProviderBody>(await order('primary/enable'))).toMatchObject({
      mode: 'enabled',
    })
    expect(api.logLines).toContainEqual(
      expect.objectContaining({ event: 'provider.ordered', provider: 'primary', mode: 'disabled' }),
    )
  })

  test('a weight is given, stays beside the modes, and is taken back', async () => {
    const weigh = (body: unknown, name = 'primary') =>
      api.fetch(
        new Request(`http://localhost${path}/${name}/weight`, {
          method: 'PUT',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...admin },
        }),
      )
    expect(await jsonOf<ProviderBody>(await weigh({ weight: 20 }))).toMatchObject({
      weight: 20,
      weight_configured: 100,
      mode: 'enabled',
    })
    expect(await jsonOf<ProviderBody>(await order('primary/drain'))).toMatchObject({ weight: 20 })
    expect(await jsonOf<ProviderBody>(await weigh({ weight: null }))).toMatchObject({
      weight: 100,
      mode: 'draining',
    })
    expect(api.acts).toContainEqual(
      expect.objectContaining({ action: 'provider.weighed', detail: { weight: 20 } }),
    )
    for (const wrong of [
      {},
      { weight: -1 },
      { weight: 1.5 },
      { weight: '5' },
      { weight: 10_001 },
    ]) {
      const problem = await problemOf(await weigh(wrong))
      expect(faultPlaces(problem)).toEqual(['/weight'])
    }
    expect((await problemOf(await weigh({ weight: 1 }, 'nobody'))).status).toBe(404)
  })

  test('a mode of a provider that is configured no more is not listed', async () => {
    api.known.controls.set('gone', {
      provider: 'gone',
      mode: 'disabled',
      weight: null,
      note: null,
      changedAt: controlledAt,
    })
    const listed = await jsonOf<{ providers: ProviderBody[] }>(
      await api.send(path, undefined, admin),
    )
    expect(listed.providers.map(({ name }) => name)).toEqual(['primary', 'silent'])
  })

  test.each(['nobody', 'constructor', 'PRIMARY'])(
    'for %s: 404, naming those there are',
    async (name) => {
      const problem = await problemOf(await order(`${name}/drain`))
      expect(problem).toMatchObject({
        type: 'urn:sms-gateway:problem:provider-not-found',
        detail: 'There are: primary, silent.',
      })
    },
  )

  test.each<[string, unknown, string]>([
    ['an unknown field', { mode: 'x' }, '/mode'],
    ['an empty note', { note: '' }, '/note'],
    ['a note that is too long', { note: 'x'.repeat(201) }, '/note'],
    ['a note with a control character', { note: 'a\u001b[2J' }, '/note'],
    ['a note with half a character', { note: '\ud800' }, '/note'],
    ['an array', [], ''],
  ])('with %s: 422, and nothing changes', async (_, body, place) => {
    const problem = await problemOf(await order('primary/drain', body))
    expect([problem.status, faultPlaces(problem)]).toEqual([422, [place]])
    expect(api.known.controls.size).toBe(0)
  })

  test('with no JSON, another type or too much: 400, 415, 413', async () => {
    const statuses = [
      await order('primary/drain', '{'),
      await api.send(`${path}/primary/drain`, {}, { ...admin, 'content-type': 'text/plain' }),
      await order('primary/drain', { note: 'x'.repeat(3_000) }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([400, 415, 413])
  })

  test('while the database is away: 503', async () => {
    api.failures.controls = databaseError('08006')
    const response = await order('primary/drain')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })
})
