/** What customers are told of inbound messages, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createNumberRoute } from '../../../src/store/number-routes.ts'
import { item, newPhone, partsOf } from './inbound-items.ts'
import { createWebhookFixture, type WebhookFixture } from './webhook-fixture.ts'

let webhooks: WebhookFixture
beforeAll(async () => {
  webhooks = await createWebhookFixture()
})
afterAll(() => webhooks.close())

test('an inbound message is told to its customer alone, once, and whole', async () => {
  const { store } = webhooks
  const number = newPhone()
  const customer = (await store.createCustomer(null, 'theirs'))?.id ?? 0
  expect(await createNumberRoute(webhooks.database.write, number, null, customer)).toMatchObject({
    number,
  })
  const theirs = await webhooks.endpointOf(customer, ['message.received'])
  const others = await webhooks.endpointOf(webhooks.newCustomer())
  const one = item({ recipient: number, text: 'Stop' })
  await store.takeInbound([one, item({ recipient: newPhone() })])
  await store.takeInbound([one])
  const parts = partsOf(['Hel', 'lo']).map((part) => ({ ...part, recipient: number }))
  for (const part of parts) await store.takeInbound([part])
  const events = await webhooks.eventsOf(theirs)
  expect(events.map(({ type }) => type)).toEqual(['message.received', 'message.received'])
  expect(events.map(({ data }) => data)).toEqual([
    {
      inbound_message_id: one.id,
      customer_id: customer,
      from: one.sender,
      to: number,
      message: 'Stop',
      keyword: 'stop',
      action: 'stop',
      complete: true,
      received_at: expect.stringMatching(/Z$/),
    },
    expect.objectContaining({ message: 'Hello', action: null, complete: true }),
  ])
  expect(await webhooks.eventsOf(others)).toEqual([])
})
