/** Where messages may go, as the API sees it: refused without a route, with a sender of the pool, and explained. */
import { afterEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import {
  controlledAt,
  createFakeApi,
  databaseError,
  type FakeApi,
  fakeAdminToken,
} from '../../tests/support/fake-api.ts'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import { unknownCustomer } from '../domain/customer-settings.ts'
import { compileRoutes, type RoutingSettings } from '../domain/routing.ts'
import { senderFor } from '../domain/sender-pool.ts'
import type { RoutePreviewBody } from './routing-schemas.ts'

const german = '+491511234567'
const american = '+12025550123'
const admin = { authorization: `Bearer ${fakeAdminToken}` }
const path = '/api/v1/routes/preview'

const opened: FakeApi[] = []
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close()
})

function setup(routing: RoutingSettings | null = null, senderIdDefault: string | null = null) {
  const providers = [
    providerSettings('eu', { prefixes: ['+49'], cost: 40_000, weight: 100 }),
    providerSettings('at', { prefixes: ['+43', '+49'], cost: 60_000, weight: 50 }),
  ]
  const table = compileRoutes(providers)
  const api = createFakeApi({
    providers: () => providers,
    routes: () => table,
    senderIdDefault,
  })
  if (routing !== null) {
    api.known.profiles.set(1, { ...unknownCustomer(1), isKnown: true, settings: { routing } })
  }
  opened.push(api)
  return api
}

const message = (changes: object = {}) => ({
  phone: german,
  message: 'hello',
  customer_id: 1,
  ...changes,
})

describe('a message', () => {
  test('that no provider may ever have is refused, with everything else that is wrong', async () => {
    const api = setup()
    expect((await api.send('/api/v1/messages', message())).status).toBe(202)
    const refused = await api.send(
      '/api/v1/messages',
      message({ phone: american, message: 'x'.repeat(1_600), valid_for_s: 61 }),
    )
    const problem = await problemOf(refused)
    expect(problem).toMatchObject({ status: 422, type: 'urn:sms-gateway:problem:invalid-request' })
    expect(faultPlaces(problem)).toContain('/phone')
    expect(JSON.stringify(problem)).not.toContain(american)
    expect(JSON.stringify(problem)).toContain('no provider takes it')
    expect(api.inserted).toHaveLength(1)
  })

  test('is refused alone in a batch', async () => {
    const api = setup()
    const answer = await api.send('/api/v1/messages/batch', {
      messages: [message(), message({ phone: american }), message({ phone: '+4366412345' })],
    })
    const { messages } = (await jsonOf(answer)) as { messages: { error?: object }[] }
    expect(messages.map(({ error }) => error === undefined)).toEqual([true, false, true])
    expect(JSON.stringify(messages[1])).toContain('/messages/1/phone')
  })

  test("is refused when none of its customer's providers may have it", async () => {
    const api = setup({ providers: ['eu'] })
    expect((await api.send('/api/v1/messages', message())).status).toBe(202)
    const refused = await api.send('/api/v1/messages', message({ phone: '+4366412345' }))
    expect(JSON.stringify(await problemOf(refused))).toContain("none of the customer's providers")
    const other = await api.send(
      '/api/v1/messages',
      message({ phone: '+4366412345', customer_id: 2 }),
    )
    expect(other.status).toBe(202)
  })

  test('without a sender gets one of the pool, the same for the same recipient', async () => {
    const pool = ['Acme', 'Acme 2', 'Acme 3']
    const api = setup({ sender_pool: pool }, 'Default')
    const phones = Array.from({ length: 20 }, (_, index) => `+4915112345${10 + index}`)
    for (const phone of [...phones, ...phones])
      await api.send('/api/v1/messages', message({ phone }))
    await api.send('/api/v1/messages', message({ sender_id: 'Other' }))
    await api.send('/api/v1/messages', message({ customer_id: 2 }))
    const senders = api.inserted.map(({ senderId }) => senderId)
    const expected = phones.map((phone) => senderFor(phone, pool))
    expect(senders).toEqual([...expected, ...expected, 'Other', 'Default'])
    expect(new Set(expected).size).toBe(3)
  })
})

test('a sender of the pool is one that the customer may use, and comes after its senders', async () => {
  const api = setup({ sender_pool: ['Acme', 'Other'] })
  const profile = api.known.profiles.get(1) ?? unknownCustomer(1)
  const senders = { allowed: ['Other', 'Fixed'], per_country: { AT: 'Fixed' } }
  api.known.profiles.set(1, { ...profile, settings: { ...profile.settings, senders } })
  for (const phone of [german, '+4915112345678', '+4915112345679', '+436641234567']) {
    expect((await api.send('/api/v1/messages', message({ phone }))).status).toBe(202)
    const shown = await api.send(path, { phone, customer_id: 1 }, admin)
    expect(await jsonOf(shown)).toMatchObject({ sender_id: api.inserted.at(-1)?.senderId })
  }
  expect(api.inserted.map(({ senderId }) => senderId)).toEqual(['Other', 'Other', 'Other', 'Fixed'])
})

describe('a dry run', () => {
  const preview = async (api: FakeApi, body: unknown) => {
    const response = await api.send(path, body, admin)
    expect(response.status).toBe(200)
    return (await jsonOf(response)) as RoutePreviewBody
  }

  test('says who gets it and why, by the settings of the customer and the modes of the providers', async () => {
    const api = setup({ strategy: 'least_cost', sender_pool: ['Acme'] })
    expect(await preview(api, { phone: german, customer_id: 1 })).toEqual({
      strategy: 'least_cost',
      sticky: 'off',
      provider: 'eu',
      sender_id: 'Acme',
      reasons: [
        'least_cost: 0.04 a segment is the least for this number',
        'eu gets it',
        'when that fails: at',
      ],
      candidates: [
        {
          provider: 'eu',
          allowed: true,
          why_not: null,
          mode: 'enabled',
          weight: 100,
          priority: 1,
          cost: '0.04',
          rank: 1,
        },
        {
          provider: 'at',
          allowed: true,
          why_not: null,
          mode: 'enabled',
          weight: 50,
          priority: 1,
          cost: '0.06',
          rank: 2,
        },
      ],
    })
    api.known.controls.set('eu', {
      provider: 'eu',
      mode: 'draining',
      weight: null,
      note: null,
      changedAt: controlledAt,
    })
    expect((await preview(api, { phone: german, customer_id: 1 })).provider).toBe('at')
  })

  test('is by the weights in force', async () => {
    const api = setup()
    api.known.controls.set('eu', {
      provider: 'eu',
      mode: 'enabled',
      weight: 0,
      note: null,
      changedAt: controlledAt,
    })
    const shown = await preview(api, { phone: german, customer_id: 1 })
    expect(shown.provider).toBe('at')
    expect(shown.candidates).toContainEqual(
      expect.objectContaining({ provider: 'eu', weight: 0, why_not: 'its weight is 0' }),
    )
  })

  test('of nobody, or of a customer with nothing set, is by the weights', async () => {
    const api = setup(null, 'Default')
    for (const body of [{ phone: german }, { phone: german, customer_id: 7 }]) {
      const shown = await preview(api, body)
      expect(shown).toMatchObject({ strategy: 'weighted', provider: null, sender_id: 'Default' })
      expect(shown.candidates.map(({ rank }) => rank)).toEqual([1, 1])
    }
    const nowhere = await preview(api, { phone: american, sender_id: 'Other' })
    expect(nowhere).toMatchObject({ provider: null, sender_id: 'Other' })
    expect(nowhere.reasons).toEqual(['no provider may have it: it is refused'])
    expect(api.inserted).toEqual([])
  })

  test('every fault is named at once', async () => {
    const faulty = { phone: 'x', customer_id: 0, sender_id: '!', message: 'x' }
    const problem = await problemOf(await setup().send(path, faulty, admin))
    expect(faultPlaces(problem)).toEqual(['/customer_id', '/message', '/phone', '/sender_id'])
    const dialled = await setup().send(path, { phone: '0151' }, admin)
    expect(faultPlaces(await problemOf(dialled))).toEqual(['/phone'])
    expect((await setup().send(path, '[', admin)).status).toBe(400)
    expect((await setup().send(path, [], admin)).status).toBe(422)
  })

  test('is for administration alone', async () => {
    const api = setup()
    expect((await api.send(path, { phone: german })).status).toBe(401)
    const wrong = { authorization: 'Bearer wrong' }
    expect((await api.send(path, { phone: german }, wrong)).status).toBe(401)
  })

  test('is a passing problem while the database is away', async () => {
    const api = setup()
    api.failures.controls = databaseError('ECONNREFUSED')
    expect((await api.send(path, { phone: german }, admin)).status).toBe(503)
  })
})
