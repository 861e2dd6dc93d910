/** Webhooks on the compiled binary, to a receiver that verifies them with the official library of Standard Webhooks. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { metric } from '../support/gateway-fixture.ts'
import {
  type Customer,
  startWebhookGateway,
  type WebhookGateway,
} from '../support/webhook-gateway.ts'
import { isGenuine, type ReceivedWebhook } from '../support/webhook-receiver.ts'

const adminToken = 'an-admin-token'

let gateway: WebhookGateway
let acme: Customer
beforeAll(async () => {
  gateway = await startWebhookGateway({ LOG_LEVEL: 'debug', ADMIN_TOKEN: adminToken })
  acme = await gateway.customer()
})
afterAll(() => gateway.close())

let paths = 0
const newPath = () => `/hook-${++paths}`

const came = (path: string, count: number): Promise<ReceivedWebhook[]> =>
  eventually(() => gateway.receiver.at(path).length >= count && gateway.receiver.at(path), {
    what: `${count} events at ${path}`,
  })

const path = (id: string, more = '') => `/api/v1/webhooks/${id}${more}`

async function deliveries(id: string, query = '') {
  const { status, body } = await gateway.call(acme, 'GET', path(id, `/deliveries${query}`))
  expect(status).toBe(200)
  return body.deliveries
}

const sendTest = (id: string) => gateway.call(acme, 'POST', path(id, '/test'))

async function isDisabled(id: string, reason: string): Promise<boolean> {
  return (await gateway.call(acme, 'GET', path(id))).body.disabled_reason === reason
}

describe('what people send', () => {
  test('is announced to the customer of the number, whole, and to nobody else', async () => {
    const [path, others] = [newPath(), newPath()]
    const webhook = await gateway.webhook(acme, path, { events: ['message.received'] })
    await gateway.webhook(await gateway.customer(), others)
    const staff = { id: 0, key: adminToken }
    const route = { number: '+4915011111', customer_id: acme.id }
    const routed = await gateway.call(staff, 'POST', '/api/v1/inbound-routes', route)
    expect(routed.status).toBe(201)
    const provider = { id: 0, key: 'secret-of-primary' }
    const part = (number: number, text: string) => ({
      from: '+491701234567',
      to: route.number,
      text,
      part: { reference: 7, total: 2, number },
    })
    const address = '/api/v1/providers/primary/inbound-messages'
    for (const item of [part(2, 'world'), part(1, 'Hello ')]) {
      expect((await gateway.call(provider, 'POST', address, item)).status).toBe(200)
    }
    const [event] = await came(path, 1)
    expect(event?.type).toBe('message.received')
    expect(event?.data).toMatchObject({
      customer_id: acme.id,
      from: '+491701234567',
      to: route.number,
      message: 'Hello world',
      keyword: 'hello',
      action: null,
      complete: true,
    })
    expect(isGenuine(webhook.secret, event as ReceivedWebhook)).toBe(true)
    expect(gateway.receiver.at(others)).toEqual([])
  })
})

describe('a message', () => {
  test('is announced: sent, and delivered, to everyone who wants to know', async () => {
    const [all, some] = [newPath(), newPath()]
    const webhook = await gateway.webhook(acme, all)
    const other = await gateway.webhook(acme, some, { events: ['message.delivered'] })
    const id = await gateway.submit(acme)
    const events = await came(all, 2)
    expect(events.map(({ type }) => type).toSorted()).toEqual(['message.delivered', 'message.sent'])
    for (const event of events) {
      expect(isGenuine(webhook.secret, event)).toBe(true)
      expect(isGenuine(other.secret, event)).toBe(false)
      expect(event.data).toMatchObject({
        message_id: id,
        customer_id: acme.id,
        phone: '+491701234567',
        error_code: null,
      })
      expect(Date.parse(String(event.data.occurred_at))).toBeGreaterThan(Date.now() - 60_000)
      expect(event.headers['content-type']).toBe('application/json')
    }
    expect(new Set(events.map((event) => event.id)).size).toBe(2)
    const [delivered, ...more] = await came(some, 1)
    expect([delivered?.type, more.length]).toEqual(['message.delivered', 0])
    await eventually(async () => (await deliveries(webhook.id, '?status=delivered')).length === 2, {
      what: 'both are in the history',
    })
    const [newest, oldest] = await deliveries(webhook.id)
    expect(newest).toMatchObject({ attempts: 1, response_status: 204, next_attempt_at: null })
    expect([newest.id, oldest.id].toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    for (const each of [webhook, other]) await gateway.call(acme, 'DELETE', path(each.id))
  })
})

describe('a secret', () => {
  test('is rotated: both verify during the overlap, and the new one alone after it', async () => {
    const at = newPath()
    const first = await gateway.webhook(acme, at)
    const verifiedBy = async (count: number, ...secrets: string[]) => {
      expect((await sendTest(first.id)).status).toBe(202)
      const event = (await came(at, count))[count - 1]
      return secrets.map((secret) => event !== undefined && isGenuine(secret, event))
    }
    expect(await verifiedBy(1, first.secret)).toEqual([true])
    const rotated = await gateway.call(acme, 'POST', path(first.id, '/rotate-secret'), {
      overlap_s: 600,
    })
    const second = rotated.body.secret as string
    expect(rotated.body.previous_secret_expires_at).toEndWith('Z')
    expect(await verifiedBy(2, first.secret, second)).toEqual([true, true])
    const last = await gateway.call(acme, 'POST', path(first.id, '/rotate-secret'), {
      overlap_s: 0,
    })
    const third = last.body.secret as string
    expect(await verifiedBy(3, first.secret, second, third)).toEqual([false, false, true])
    await gateway.call(acme, 'POST', path(first.id, '/rotate-secret'), { overlap_s: 1 })
    await eventually(
      async () => {
        const count = gateway.receiver.at(at).length + 1
        return (await verifiedBy(count, third))[0] === false
      },
      { what: 'the overlap ends' },
    )
    const shown = await gateway.call(acme, 'GET', path(first.id))
    const listed = await gateway.call(acme, 'GET', '/api/v1/webhooks')
    for (const { body } of [shown, listed]) expect(JSON.stringify(body)).not.toContain('whsec_')
    await eventually(() => gateway.api.logs().split('webhook.secret_rotated').length > 3, {
      what: 'it is logged',
    })
    for (const secret of [first.secret, second, third]) {
      for (const role of [gateway.api, gateway.processor]) expect(role.logs()).not.toContain(secret)
    }
    await gateway.call(acme, 'DELETE', path(first.id))
  })
})

describe('an endpoint', () => {
  test('that fails gets the same event again, with the same id, signed anew', async () => {
    const at = newPath()
    let failures = 2
    gateway.receiver.answers(at, () => new Response('no', { status: failures-- > 0 ? 500 : 200 }))
    const webhook = await gateway.webhook(acme, at)
    const { body } = await sendTest(webhook.id)
    const events = await came(at, 3)
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set([body.id]))
    expect(new Set(events.map((event) => event.body)).size).toBe(1)
    const times = events.map(({ timestamp }) => timestamp)
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(2)
    for (const event of events) expect(isGenuine(webhook.secret, event)).toBe(true)
    await eventually(async () => (await deliveries(webhook.id))[0].status === 'delivered', {
      what: 'it is delivered',
    })
    expect((await deliveries(webhook.id))[0]).toMatchObject({ attempts: 3, response_status: 200 })
    expect((await gateway.call(acme, 'GET', path(webhook.id))).body.failures).toBe(0)
    await gateway.call(acme, 'DELETE', path(webhook.id))
  })

  test('that is gone gets nothing more, until it is enabled', async () => {
    const at = newPath()
    gateway.receiver.answers(at, () => new Response(null, { status: 410 }))
    const webhook = await gateway.webhook(acme, at)
    const { body } = await sendTest(webhook.id)
    await eventually(() => isDisabled(webhook.id, 'gone'), { what: 'it is disabled' })
    expect((await sendTest(webhook.id)).status).toBe(409)
    const replay = path(webhook.id, `/deliveries/${body.id}/replay`)
    expect((await gateway.call(acme, 'POST', replay)).status).toBe(409)
    gateway.receiver.answers(at, () => new Response('ok'))
    expect(
      (await gateway.call(acme, 'POST', path(webhook.id, '/enable'))).body.disabled_at,
    ).toBeNull()
    expect((await gateway.call(acme, 'POST', replay)).status).toBe(202)
    expect((await came(at, 2)).map(({ id }) => id)).toEqual([body.id, body.id])
    await eventually(() => gateway.processor.logs().includes('webhook.endpoint_disabled'), {
      what: 'it is logged',
    })
    await gateway.call(acme, 'DELETE', path(webhook.id))
  })

  test('that leads elsewhere is not followed', async () => {
    const [at, target] = [newPath(), newPath()]
    const location = `${gateway.receiver.url}${target}`
    gateway.receiver.answers(at, () => new Response(null, { status: 307, headers: { location } }))
    const webhook = await gateway.webhook(acme, at)
    await sendTest(webhook.id)
    await came(at, 2)
    expect((await deliveries(webhook.id))[0]).toMatchObject({
      status: 'pending',
      response_status: 307,
      error_code: 'redirect',
    })
    expect(gateway.receiver.at(target)).toEqual([])
    await gateway.call(acme, 'DELETE', path(webhook.id))
  })

  test('that asks for less is left alone for so long', async () => {
    const at = newPath()
    const headers = { 'retry-after': '3600' }
    gateway.receiver.answers(at, () => new Response(null, { status: 429, headers }))
    const webhook = await gateway.webhook(acme, at)
    await sendTest(webhook.id)
    const delivery = await eventually(
      async () => {
        const [found] = await deliveries(webhook.id)
        return found.error_code === 'throttled' && found
      },
      { what: 'it is throttled' },
    )
    expect(Date.parse(delivery.next_attempt_at)).toBeGreaterThan(Date.now() + 3_000_000)
    await gateway.call(acme, 'DELETE', path(webhook.id))
  })

  test('is disabled by order, and what waited is sent when it is enabled', async () => {
    const at = newPath()
    gateway.receiver.answers(at, () => new Response(null, { status: 503 }))
    const webhook = await gateway.webhook(acme, at)
    await sendTest(webhook.id)
    await came(at, 1)
    const disabled = await gateway.call(acme, 'POST', path(webhook.id, '/disable'))
    expect(disabled.body.disabled_reason).toBe('requested')
    gateway.receiver.answers(at, () => new Response('ok'))
    await gateway.call(acme, 'POST', path(webhook.id, '/enable'))
    await eventually(async () => (await deliveries(webhook.id))[0].status === 'delivered', {
      what: 'it is sent',
    })
    await gateway.call(acme, 'DELETE', path(webhook.id))
    expect((await gateway.call(acme, 'GET', path(webhook.id))).status).toBe(404)
  })
})

test('the history is listed page by page', async () => {
  const at = newPath()
  const webhook = await gateway.webhook(acme, at)
  for (let count = 0; count < 3; count++) await sendTest(webhook.id)
  await came(at, 3)
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`
    const { body } = await gateway.call(acme, 'GET', path(webhook.id, `/deliveries${query}`))
    seen.push(...body.deliveries.map(({ id }: { id: string }) => id))
    cursor = body.next_cursor
  }
  expect(seen).toHaveLength(3)
  expect(seen).toEqual(seen.toSorted().toReversed())
  await gateway.call(acme, 'DELETE', path(webhook.id))
})

test('what is sent is counted', async () => {
  const at = newPath()
  const webhook = await gateway.webhook(acme, at)
  await sendTest(webhook.id)
  await came(at, 1)
  const count = async () =>
    (await metric(gateway.processor.url, 'sms_webhook_settled_total', { result: 'delivered' })) ?? 0
  await eventually(async () => (await count()) > 0, { what: 'it is counted' })
  await gateway.call(acme, 'DELETE', path(webhook.id))
})
