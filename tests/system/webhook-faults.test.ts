/** Webhooks on the compiled binary when something is wrong: receivers that hang, processes that die, customers who mean harm. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { freePort } from '../support/free-port.ts'
import { startRole } from '../support/gateway.ts'
import {
  type Customer,
  startWebhookGateway,
  type WebhookGateway,
} from '../support/webhook-gateway.ts'
import { isGenuine } from '../support/webhook-receiver.ts'

let gateway: WebhookGateway
beforeAll(async () => {
  gateway = await startWebhookGateway({
    // Of eight places, one endpoint may have two, a customer a quarter, which is two as well, and those that fail half.
    WEBHOOK_CONCURRENCY_MAX: '8',
    WEBHOOK_ENDPOINT_CONCURRENCY_MAX: '2',
    WEBHOOK_TIMEOUT_MS: '20000',
  })
})
afterAll(() => gateway.close())

const path = (id: string, more = '') => `/api/v1/webhooks/${id}${more}`

/** Of the messages at a path of the receiver, how many have been announced by this event. */
function announced(at: string, type: string): Set<unknown> {
  const events = gateway.receiver.at(at).filter((webhook) => webhook.type === type)
  return new Set(events.map(({ data }) => data.message_id))
}

test('endpoints that hang, with a backlog each, delay nobody else', async () => {
  const good = await gateway.customer()
  const hanging: Awaited<ReturnType<typeof gateway.customer>>[] = []
  const ended = Promise.withResolvers<void>()
  for (const at of ['/hang-1', '/hang-2', '/hang-3']) {
    gateway.receiver.answers(at, () => ended.promise.then(() => new Response('ok')))
    const customer = await gateway.customer()
    await gateway.webhook(customer, at)
    // Another of the same customer's, which has no places left to it.
    gateway.receiver.answers(`/more${at}`, () => ended.promise.then(() => new Response('ok')))
    await gateway.webhook(customer, `/more${at}`)
    hanging.push(customer)
  }
  await gateway.webhook(good, '/good')
  for (const customer of hanging) await gateway.submitMany(customer, 100)
  const hang = () => gateway.receiver.at('/hang').length + gateway.receiver.at('/more/hang').length
  await eventually(() => hang() >= 6, { what: 'the places are taken' })
  const ids = await gateway.submitMany(good, 100)
  await eventually(() => announced('/good', 'message.delivered').size === 100, {
    what: 'all is told to the good one while the others hang',
  })
  expect(announced('/good', 'message.sent')).toEqual(new Set(ids))
  expect(hang()).toBe(6)
  for (const customer of hanging) {
    const { body } = await gateway.call(customer, 'GET', '/api/v1/webhooks')
    for (const { id } of body.webhooks) await gateway.call(customer, 'DELETE', path(id))
  }
  ended.resolve()
})

test('a processor killed at any moment forgets no event', async () => {
  const customer = await gateway.customer()
  await gateway.webhook(customer, '/killed')
  const ids = new Set<string>()
  for (let round = 0; round < 3; round++) {
    for (const id of await gateway.submitMany(customer, 150)) ids.add(id)
    const before = gateway.receiver.at('/killed').length
    await eventually(() => gateway.receiver.at('/killed').length > before + 20, {
      what: 'some is told',
    })
    await gateway.processor.kill()
    gateway.processor = await startRole('processor', gateway.environment)
  }
  // What was under way in a process that is killed is sent again when its lease is over.
  await gateway.database.sql`
    UPDATE webhook_deliveries SET next_at = now() WHERE status = 'pending' AND claim_token IS NOT NULL`
  for (const type of ['message.sent', 'message.delivered']) {
    await eventually(() => announced('/killed', type).size === ids.size, {
      what: `every message is ${type}`,
      timeoutMs: 90_000,
    })
  }
  // What came twice has the same id, by which it is known.
  const events = gateway.receiver.at('/killed')
  const kinds = new Set(events.map(({ id, type, data }) => `${id} ${type} ${data.message_id}`))
  expect(new Set(events.map(({ id }) => id)).size).toBe(kinds.size)
}, 120_000)

test('what fails for good is sent again by order, and its endpoint is disabled', async () => {
  const customer = await gateway.customer()
  const quick = await startRole('processor', {
    ...gateway.environment,
    METRICS_ADDR: `127.0.0.1:${await freePort()}`,
    WEBHOOK_RETRY_SCHEDULE_S: '0,0',
  })
  await gateway.processor.stop()
  try {
    gateway.receiver.answers('/dead', () => new Response(null, { status: 500 }))
    const { id } = await gateway.webhook(customer, '/dead')
    await gateway.call(customer, 'POST', path(id, '/test'))
    const webhook = () => gateway.call(customer, 'GET', path(id))
    await eventually(async () => (await webhook()).body.disabled_reason === 'failing', {
      what: 'it is disabled',
    })
    expect(gateway.receiver.at('/dead')).toHaveLength(3)
    const replay = () => gateway.call(customer, 'POST', path(id, '/replay'))
    expect((await replay()).status).toBe(409)
    gateway.receiver.answers('/dead', () => new Response('ok'))
    await gateway.call(customer, 'POST', path(id, '/enable'))
    expect((await replay()).body).toEqual({ replayed: 1, more: false })
    expect((await replay()).body.replayed).toBe(0)
    await eventually(() => gateway.receiver.at('/dead').length === 4, { what: 'it is sent' })
    expect(new Set(gateway.receiver.at('/dead').map((webhook) => webhook.id)).size).toBe(1)
  } finally {
    await quick.stop()
    gateway.processor = await startRole('processor', gateway.environment)
  }
})

test('a processor whose clock is an hour off signs with the right time', async () => {
  const customer = await gateway.customer()
  const clock = createFakeClock('+1h')
  const late = await startRole('processor', {
    ...gateway.environment,
    ...clock.environment,
    METRICS_ADDR: `127.0.0.1:${await freePort()}`,
  })
  await gateway.processor.stop()
  try {
    const { id, secret } = await gateway.webhook(customer, '/clock')
    await gateway.call(customer, 'POST', path(id, '/test'))
    const [event] = await eventually(
      () => gateway.receiver.at('/clock').length > 0 && gateway.receiver.at('/clock'),
      { what: 'it is sent' },
    )
    expect(event !== undefined && isGenuine(secret, event)).toBe(true)
  } finally {
    await late.stop()
    clock.remove()
    gateway.processor = await startRole('processor', gateway.environment)
  }
})

describe('where nobody may send', () => {
  let strict: { url: string; kill(): Promise<void> }
  let customer: Customer
  beforeAll(async () => {
    const { WEBHOOK_ALLOWED_ADDRESSES: _, ...environment } = gateway.environment
    strict = await startRole('api', { ...environment, APP_ADDR: `127.0.0.1:${await freePort()}` })
    customer = await gateway.customer()
  })
  afterAll(() => strict.kill())

  test.each([
    'http://hooks.example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://metadata.google.internal/',
    'https://10.1.2.3/',
    'https://localhost/',
    'https://user:secret@hooks.example.com/',
    'gopher://hooks.example.com/',
  ])('%s is refused when it is given', async (url) => {
    const send = (method: string, address: string) =>
      fetch(`${strict.url}${address}`, {
        method,
        headers: { authorization: `Bearer ${customer.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      })
    const response = await send('POST', '/api/v1/webhooks')
    expect(response.status).toBe(422)
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/url'])
  })

  test('what was taken under other rules, or leads elsewhere now, is refused when it is sent', async () => {
    const { WEBHOOK_ALLOWED_ADDRESSES: _, ...environment } = gateway.environment
    const { id } = await gateway.webhook(customer, '/inside')
    await gateway.processor.stop()
    const processor = await startRole('processor', {
      ...environment,
      METRICS_ADDR: `127.0.0.1:${await freePort()}`,
    })
    try {
      await gateway.call(customer, 'POST', path(id, '/test'))
      const [delivery] = await eventually(
        async () => {
          const { body } = await gateway.call(customer, 'GET', path(id, '/deliveries'))
          return body.deliveries[0].error_code !== null && body.deliveries
        },
        { what: 'it is tried' },
      )
      expect(delivery).toMatchObject({ error_code: 'url_refused', response_status: null })
      expect(gateway.receiver.at('/inside')).toEqual([])
    } finally {
      await processor.stop()
      gateway.processor = await startRole('processor', gateway.environment)
    }
  })
})
