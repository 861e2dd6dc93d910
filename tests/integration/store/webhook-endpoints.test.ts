/** Webhook endpoints and their upkeep on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { webhookEndpointsMax } from '../../../src/domain/webhook-event.ts'
import { createStoreFixture } from './store-fixture.ts'
import { createWebhookFixture, type WebhookFixture } from './webhook-fixture.ts'

let webhooks: WebhookFixture
beforeAll(async () => {
  webhooks = await createWebhookFixture()
})
afterAll(() => webhooks.close())

describe('endpoints', () => {
  test("are a customer's own, and at most so many", async () => {
    const [mine, other] = [webhooks.newCustomer(), webhooks.newCustomer()]
    const made = await Promise.allSettled(
      Array.from({ length: webhookEndpointsMax + 3 }, () => webhooks.endpointOf(mine)),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(webhookEndpointsMax)
    const listed = await webhooks.store.listWebhooks(mine, null, 100)
    expect(listed).toHaveLength(webhookEndpointsMax)
    expect(JSON.stringify(listed)).not.toContain('whsec_')
    const id = listed[0]?.id ?? ''
    expect(await webhooks.store.listWebhooks(mine, id, 2)).toEqual(listed.slice(1, 3))
    expect(await webhooks.store.listWebhooks(other, null, 100)).toEqual([])
    expect(await webhooks.store.getWebhook(id, other)).toBeNull()
    expect(await webhooks.store.changeWebhook(id, other, { url: 'https://x.example/' })).toBeNull()
    expect(await webhooks.store.setWebhookDisabled(id, other, true)).toBeNull()
    expect(await webhooks.store.rotateWebhookSecret(id, other, 'x', 0)).toBeNull()
    expect(await webhooks.store.removeWebhook(id, other)).toBe(false)
    const change = { url: 'https://x.example/', events: ['message.sent'], description: 'a "note"' }
    expect(await webhooks.store.changeWebhook(id, mine, change)).toMatchObject(change)
    expect(await webhooks.store.changeWebhook(id, mine, { events: null })).toMatchObject({
      ...change,
      events: null,
    })
    expect(await webhooks.store.removeWebhook(id, mine)).toBe(true)
    expect(await webhooks.store.getWebhook(id, mine)).toBeNull()
    for (const each of listed) await webhooks.store.removeWebhook(each.id, null)
  })

  test('are removed with their deliveries, history when it is old, backlogs disabled', async () => {
    const another = await createStoreFixture()
    try {
      const make = async (customerId: number) =>
        await another.store.createWebhook({
          customerId,
          url: 'https://x.example/',
          events: null,
          description: null,
          secret: 's',
        })
      const [kept, removed] = [await make(1), await make(2)]
      const events = [1, 1, 1, 2, 2].map((customerId) => ({ customerId, type: 'x.y', data: {} }))
      await another.store.enqueueWebhookEvents(events)
      expect(await another.store.measureWebhooks()).toMatchObject({ count: 5 })
      await another.store.removeWebhook(removed?.id ?? '', null)
      expect(await another.store.removeOldWebhooks(7)).toEqual({ removed: 3, more: true })
      expect(await another.store.removeOldWebhooks(7)).toEqual({ removed: 0, more: false })
      expect(await another.store.disableBacklog(3)).toBeNull()
      expect(await another.store.disableBacklog(2)).toEqual({
        id: kept?.id ?? '',
        customerId: 1,
        reason: 'backlog',
      })
      expect(await another.store.disableBacklog(2)).toBeNull()
      await another.database.write`
        UPDATE webhook_deliveries SET id = overlay(id::text PLACING '00000000' FROM 1)::uuid, status = 'delivered'
        WHERE id = (SELECT id FROM webhook_deliveries ORDER BY id LIMIT 1)`
      expect(await another.store.removeOldWebhooks(7)).toEqual({ removed: 1, more: false })
      expect(await another.store.measureWebhooks()).toMatchObject({ count: 2, overdueMs: 0 })
    } finally {
      await another.close()
    }
  })
})
