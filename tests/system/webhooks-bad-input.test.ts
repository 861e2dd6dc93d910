/** Everything about webhooks that is refused, on the compiled binary, with every fault at once. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { runCommand } from '../support/gateway.ts'
import {
  type Customer,
  startWebhookGateway,
  type WebhookGateway,
} from '../support/webhook-gateway.ts'

let gateway: WebhookGateway
let acme: Customer
let other: Customer
let id: string
beforeAll(async () => {
  gateway = await startWebhookGateway({ ADMIN_TOKEN: 'an-admin-token' }, ['processor', 'operator'])
  acme = await gateway.customer()
  other = await gateway.customer()
  id = (await gateway.webhook(acme, '/x')).id
})
afterAll(() => gateway.close())

const webhooks = '/api/v1/webhooks'
const url = 'https://hooks.example.com/'
const unknown = '01997d2f-3b4c-7d5e-8f60-718293a4b5c6'

async function refused(method: string, path: string, body: unknown, customer = acme) {
  const answer = await gateway.call(customer, method, path.replace('ID', id), body)
  const errors = (answer.body?.errors ?? []) as { pointer?: string; parameter?: string }[]
  return {
    status: answer.status,
    type: String(answer.body?.type).replace('urn:sms-gateway:problem:', ''),
    places: errors.map(({ pointer, parameter }) => pointer ?? parameter ?? '').toSorted(),
  }
}

describe('a body', () => {
  const post = ['POST', webhooks] as const
  const patch = ['PATCH', `${webhooks}/ID`] as const
  const rotate = ['POST', `${webhooks}/ID/rotate-secret`] as const
  const replay = ['POST', `${webhooks}/ID/replay`] as const
  const faulty: [string, readonly [string, string], unknown, string[]][] = [
    ['of nothing', post, {}, ['/url']],
    ['that is an array', post, [], ['']],
    ['that is null', post, null, ['']],
    ['that is a number', post, 5, ['']],
    [
      'with a fault in every field',
      post,
      {
        url: 'ftp://x',
        events: ['message.read'],
        description: 'a\nb',
        customer_id: 'x',
        secret: 'x',
      },
      ['/customer_id', '/description', '/events/0', '/secret', '/url'],
    ],
    ['with no events', post, { url, events: [] }, ['/events']],
    ['with an event twice', post, { url, events: ['message.sent', 'message.sent'] }, ['/events']],
    ['with an event that is a number', post, { url, events: [5] }, ['/events/0']],
    ['with events that are text', post, { url, events: 'message.sent' }, ['/events']],
    ["with another's customer_id", post, { url, customer_id: 999 }, ['/customer_id']],
    ['with a URL that is too long', post, { url: `${url}${'x'.repeat(2_048)}` }, ['/url']],
    ['with a URL that is a number', post, { url: 5 }, ['/url']],
    [
      'with a description that is too long',
      post,
      { url, description: 'x'.repeat(201) },
      ['/description'],
    ],
    [
      'of a change with faults',
      patch,
      { url: 'http://x.example/', events: {}, id: unknown },
      ['/events', '/id', '/url'],
    ],
    ['of a change without a URL', patch, { url: null }, ['/url']],
    ['of a rotation of years', rotate, { overlap_s: 1e9 }, ['/overlap_s']],
    ['of a rotation backwards', rotate, { overlap_s: -1 }, ['/overlap_s']],
    ['of a rotation in parts of a second', rotate, { overlap_s: 0.5, x: 1 }, ['/overlap_s', '/x']],
    ['of a replay of no time', replay, { from: 'yesterday', to: 5 }, ['/from', '/to']],
    [
      'of a replay that ends before it begins',
      replay,
      { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      ['/to'],
    ],
  ]
  test.each(faulty)('%s is refused', async (_, [method, path], body, places) => {
    expect(await refused(method, path, body)).toEqual({
      status: 422,
      type: 'invalid-request',
      places,
    })
  })

  test('that is no JSON, or too long, is refused', async () => {
    expect(await refused('POST', webhooks, '{"url":')).toMatchObject({ status: 400 })
    expect(await refused('PATCH', `${webhooks}/ID`, 'x'.repeat(20_000))).toMatchObject({
      status: 413,
    })
  })
})

describe('a listing', () => {
  test.each([
    [`${webhooks}?limit=0&cursor=x&customer_id=y&z=1`, ['cursor', 'customer_id', 'limit', 'z']],
    [`${webhooks}?limit=5&limit=6`, ['limit']],
    [`${webhooks}?customer_id=999`, ['customer_id']],
    [`${webhooks}/ID/deliveries?status=lost&limit=1001&cursor=%00`, ['cursor', 'limit', 'status']],
  ])('%s is refused', async (path, places) => {
    expect(await refused('GET', path, undefined)).toEqual({
      status: 422,
      type: 'invalid-request',
      places,
    })
  })
})

describe('an address', () => {
  const suffixes: [string, string][] = [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/rotate-secret'],
    ['POST', '/enable'],
    ['POST', '/disable'],
    ['POST', '/test'],
    ['POST', '/replay'],
    ['GET', '/deliveries'],
    ['POST', `/deliveries/${unknown}/replay`],
  ]
  test.each(suffixes)('%s …%s of nothing is nothing', async (method, suffix) => {
    const body = method === 'PATCH' ? {} : undefined
    for (const name of [unknown, 'x', "'; DROP TABLE webhook_endpoints; --", '%00', id.slice(1)]) {
      const path = `${webhooks}/${encodeURIComponent(name)}${suffix}`
      expect([name, (await refused(method, path, body)).type]).toEqual([name, 'webhook-not-found'])
    }
    expect(await refused(method, `${webhooks}/ID${suffix}`, body, other)).toMatchObject({
      status: 404,
      type: 'webhook-not-found',
    })
  })

  test('of a delivery that is none is nothing', async () => {
    for (const name of [unknown, 'x']) {
      expect(
        await refused('POST', `${webhooks}/ID/deliveries/${name}/replay`, undefined),
      ).toMatchObject({
        status: 404,
        type: 'webhook-delivery-not-found',
      })
    }
  })

  test('takes no other method', async () => {
    expect(await refused('PUT', `${webhooks}/ID`, {})).toMatchObject({ status: 405 })
  })
})

test('a key needs both scopes to change something', async () => {
  const keyWith = async (scope: string): Promise<Customer> => {
    const args = ['keys', 'create', '--customer', String(acme.id), '--scope', scope]
    return { id: acme.id, key: (await runCommand(args, gateway.environment)).stdout.trim() }
  }
  const [reader, sender] = [await keyWith('read'), await keyWith('send')]
  expect((await gateway.call(reader, 'GET', webhooks)).status).toBe(200)
  for (const customer of [reader, sender]) {
    expect((await gateway.call(customer, 'POST', webhooks, { url })).status).toBe(403)
    expect((await gateway.call(customer, 'POST', `${webhooks}/${id}/test`)).status).toBe(403)
  }
  expect((await gateway.call(sender, 'GET', webhooks)).status).toBe(403)
  expect((await gateway.call(null, 'GET', webhooks)).status).toBe(401)
})

test('staff names the customer, who must be there; a customer may have ten', async () => {
  const staff: Customer = { id: 0, key: 'an-admin-token' }
  expect(await refused('POST', webhooks, { url }, staff)).toMatchObject({
    places: ['/customer_id'],
  })
  expect(await refused('POST', webhooks, { url, customer_id: 99_999 }, staff)).toMatchObject({
    status: 422,
    places: ['/customer_id'],
  })
  for (let count = 0; count < 10; count++) {
    const made = await gateway.call(staff, 'POST', webhooks, { url, customer_id: other.id })
    expect(made.status).toBe(201)
  }
  expect(await refused('POST', webhooks, { url }, other)).toMatchObject({
    status: 409,
    type: 'webhooks-full',
  })
  const all = await gateway.call(staff, 'GET', `${webhooks}?customer_id=${other.id}`)
  expect(all.body.webhooks).toHaveLength(10)
  await gateway.call(other, 'DELETE', `${webhooks}/${all.body.webhooks[0].id}`)
  expect((await gateway.call(other, 'POST', webhooks, { url })).status).toBe(201)
})
