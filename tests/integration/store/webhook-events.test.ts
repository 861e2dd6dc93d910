/** The outbox of webhooks on a real PostgreSQL: what is announced in which commit. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { claimToken } from './store-fixture.ts'
import { createWebhookFixture, type WebhookFixture, windowMs } from './webhook-fixture.ts'

let webhooks: WebhookFixture
beforeAll(async () => {
  webhooks = await createWebhookFixture()
})
afterAll(() => webhooks.close())

describe('an event is written in the commit of', () => {
  test('a message that is sent, and its reports, for those who want it', async () => {
    const customerId = webhooks.newCustomer()
    const all = await webhooks.endpointOf(customerId)
    const some = await webhooks.endpointOf(customerId, ['message.delivered', 'message.failed'])
    const other = await webhooks.endpointOf(webhooks.newCustomer())
    const [id = ''] = await webhooks.sentBy(customerId, 1)
    const report = {
      provider: 'a',
      providerMessageId: `of-${id}`,
      errorCode: '000',
      occurredAtMs: Date.parse('2026-01-31T12:00:00.123Z'),
    }
    await webhooks.store.applyReports([{ ...report, status: 'accepted' }], windowMs, Date.now())
    await webhooks.store.applyReports([{ ...report, status: 'delivered' }], windowMs, Date.now())
    await webhooks.store.applyReports([{ ...report, status: 'delivered' }], windowMs, Date.now())
    const [sent, delivered, ...more] = await webhooks.eventsOf(all)
    expect(more).toEqual([])
    expect(sent).toMatchObject({ type: 'message.sent', data: { message_id: id, status: 'sent' } })
    expect(delivered).toEqual({
      type: 'message.delivered',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        message_id: id,
        customer_id: customerId,
        status: 'delivered',
        phone: '+1234567890',
        provider: 'a',
        error_code: '000',
        occurred_at: '2026-01-31T12:00:00.123Z',
      },
    })
    expect((await webhooks.eventsOf(some)).map(({ type }) => type)).toEqual(['message.delivered'])
    expect(await webhooks.eventsOf(other)).toEqual([])
  })

  test('a report that was parked', async () => {
    const customerId = webhooks.newCustomer()
    const endpoint = await webhooks.endpointOf(customerId, ['message.undelivered'])
    const [id = ''] = await webhooks.messagesOf(customerId, 1)
    await webhooks.store.claimMessages([{ id, provider: 'a' }], 60_000, claimToken)
    const early = {
      provider: 'a',
      providerMessageId: `of-${id}`,
      errorCode: null,
      occurredAtMs: null,
    }
    await webhooks.store.applyReports([{ ...early, status: 'undelivered' }], windowMs, Date.now())
    const sent = { id, claimToken, provider: 'a', providerMessageId: `of-${id}`, failures: [] }
    await webhooks.store.settleSent([sent], windowMs)
    await webhooks.database.write`UPDATE parked_reports SET check_at = now()`
    await webhooks.store.checkParkedReports(windowMs, windowMs, Date.now())
    expect((await webhooks.eventsOf(endpoint)).map(({ data }) => data.message_id)).toEqual([id])
  })

  test('a settlement without a submit, and not of one that is tried again', async () => {
    const customerId = webhooks.newCustomer()
    const endpoint = await webhooks.endpointOf(customerId)
    const ids = await webhooks.messagesOf(customerId, 5)
    await webhooks.store.claimMessages(
      ids.map((id) => ({ id, provider: 'a' })),
      60_000,
      claimToken,
    )
    const results = ['queued', 'released', 'rejected', 'unknown', 'failed'] as const
    const failure = {
      attempt: 1,
      provider: 'a',
      kind: 'rejected',
      code: 'blocked',
      detail: 'no',
      at: '',
    } as const
    await webhooks.store.settleUnsent(
      ids.map((id, index) => ({
        id,
        claimToken,
        lane: 'normal',
        result: results[index] ?? 'queued',
        retryInMs: 1_000,
        provider: 'a',
        inDoubtProvider: null,
        failures: [failure],
      })),
    )
    const told = (await webhooks.eventsOf(endpoint)).map(({ type, data }) => [
      type,
      data.message_id,
      data.error_code,
    ])
    expect(told.toSorted()).toEqual([
      ['message.failed', ids[4], 'blocked'],
      ['message.rejected', ids[2], 'blocked'],
      ['message.unknown', ids[3], 'blocked'],
    ])
  })

  test('a promotion that ends a message, and a cancellation', async () => {
    const customerId = webhooks.newCustomer()
    const endpoint = await webhooks.endpointOf(customerId)
    const [late = '', canceled = '', overdue = ''] = [
      ...(await webhooks.messagesOf(customerId, 2)),
      ...(await webhooks.sentBy(customerId, 1)),
    ]
    await webhooks.database
      .write`UPDATE messages SET due_at = now(), expires_at = now() WHERE id = ${late}`
    await webhooks.database.write`UPDATE messages SET due_at = now() WHERE id = ${overdue}`
    await webhooks.store.promoteDue('normal', {
      recheckMs: 30_000,
      reportTimeoutMs: windowMs,
      unknownProviders: [],
      attemptsMax: 10,
      oldestQueuedAgeMs: null,
    })
    expect(await webhooks.store.cancelMessage(canceled, customerId)).toBe('canceled')
    const told = (await webhooks.eventsOf(endpoint)).map(({ type, data }) => [
      type,
      data.message_id,
      data.error_code,
    ])
    expect(told.toSorted()).toEqual([
      ['message.canceled', canceled, null],
      ['message.expired', late, 'validity_over'],
      ['message.sent', overdue, null],
      ['message.unknown', overdue, 'report_overdue'],
    ])
  })

  test('nothing else: who is disabled or removed is told nothing', async () => {
    const customerId = webhooks.newCustomer()
    const [disabled, removed] = [
      await webhooks.endpointOf(customerId),
      await webhooks.endpointOf(customerId),
    ]
    await webhooks.store.setWebhookDisabled(disabled.id, customerId, true)
    await webhooks.store.removeWebhook(removed.id, customerId)
    await webhooks.sentBy(customerId, 2)
    expect(await webhooks.eventsOf(disabled)).toEqual([])
    expect(await webhooks.eventsOf(removed)).toEqual([])
  })
})

test('what was told of a message is found by the moments it moved at, of its customer alone', async () => {
  const { endpointOf, newCustomer, sentBy, store } = webhooks
  const [first, second] = [await endpointOf(newCustomer()), await endpointOf(newCustomer())]
  const again = await endpointOf(first.customerId)
  const [id = '', other] = await sentBy(first.customerId, 2)
  await sentBy(second.customerId, 1)
  const message = await store.queries.get(id, null)
  const moments = [message?.sentAt ?? new Date(0)]
  const found = await store.listDeliveriesOfMessage(first.customerId, id, moments)
  expect(found.map(({ endpointId, eventType }) => [endpointId, eventType]).sort()).toEqual(
    [first.id, again.id].sort().map((endpoint) => [endpoint, 'message.sent']),
  )
  expect(found.every(({ payload }) => payload.includes(id) && !payload.includes(`${other}`))).toBe(
    true,
  )
  // One delivery near two moments is shown once.
  const twice = await store.listDeliveriesOfMessage(first.customerId, id, [...moments, ...moments])
  expect(twice).toHaveLength(2)
  expect(await store.listDeliveriesOfMessage(second.customerId, id, moments)).toEqual([])
  expect(await store.listDeliveriesOfMessage(first.customerId, id, [])).toEqual([])
  const long = [new Date(Date.now() - 3_600_000)]
  expect(await store.listDeliveriesOfMessage(first.customerId, id, long)).toEqual([])
})
