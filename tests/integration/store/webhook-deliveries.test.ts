/** Claims and settlements of webhooks on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { WebhookEndpoint } from '../../../src/store/webhook-endpoints.ts'
import {
  type Claimed,
  createWebhookFixture,
  failed,
  settlement,
  type WebhookFixture,
} from './webhook-fixture.ts'

let webhooks: WebhookFixture
beforeAll(async () => {
  webhooks = await createWebhookFixture()
})
afterAll(() => webhooks.close())

describe('a claim', () => {
  test('takes what is due once, with what signs it, and takes it again when its lease is over', async () => {
    const endpoint = await webhooks.endpointOf(webhooks.newCustomer())
    await webhooks.enqueue(endpoint, 1)
    const [first] = await webhooks.claimOf(endpoint, { leaseMs: 0 })
    expect(first).toMatchObject({
      endpointId: endpoint.id,
      url: endpoint.url,
      eventType: 'message.received',
      secrets: ['whsec_first'],
      step: 1,
      failures: 0,
    })
    expect(JSON.parse(first?.payload ?? '').data).toEqual({ text: 'a "quoted" \\ text, é' })
    await webhooks.store.rotateWebhookSecret(endpoint.id, null, 'whsec_second', 60_000)
    const [again] = await webhooks.claimOf(endpoint)
    expect(again).toMatchObject({
      id: first?.id,
      payload: first?.payload,
      step: 2,
      secrets: ['whsec_second', 'whsec_first'],
    })
    // What became of the first attempt is known too late.
    await webhooks.settle(settlement(first, failed))
    expect(await webhooks.claimOf(endpoint)).toEqual([])
    await webhooks.settle(settlement(again))
    expect(await webhooks.deliveriesOf(endpoint)).toMatchObject([
      { status: 'delivered', attempts: 2 },
    ])
    await webhooks.store.rotateWebhookSecret(endpoint.id, null, 'whsec_third', 0)
    await webhooks.enqueue(endpoint, 1)
    const [last] = await webhooks.claimOf(endpoint)
    expect(last?.secrets).toEqual(['whsec_third'])
    await webhooks.settle(settlement(last))
  })

  test('gives each endpoint its room, however much waits for another', async () => {
    const [long, short, failing] = [
      await webhooks.endpointOf(webhooks.newCustomer()),
      await webhooks.endpointOf(webhooks.newCustomer()),
      await webhooks.endpointOf(webhooks.newCustomer()),
    ]
    await webhooks.enqueue(long, 500)
    await webhooks.enqueue(short, 2)
    await webhooks.enqueue(failing, 10)
    await webhooks.database
      .write`UPDATE webhook_endpoints SET failures = 5 WHERE id = ${failing.id}`
    const count = (claimed: Claimed[]) =>
      [long, short, failing].map(
        ({ id }) => claimed.filter(({ endpointId }) => endpointId === id).length,
      )
    expect(count(await webhooks.claim({ busy: new Map([[long.id, 1]]), leaseMs: 0 }))).toEqual([
      3, 2, 1,
    ])
    expect(count(await webhooks.claim({ busy: new Map([[long.id, 4]]), leaseMs: 0 }))).toEqual([
      0, 2, 1,
    ])
    expect(count(await webhooks.claim({ failingMax: 0, leaseMs: 0 }))).toEqual([4, 2, 0])
    await webhooks.database.write`
      UPDATE webhook_endpoints SET paused_until = now() + interval '1 hour' WHERE id = ${short.id}`
    expect(count(await webhooks.claim({ leaseMs: 0 }))).toEqual([4, 0, 1])
    const several = await Promise.all([webhooks.claim(), webhooks.claim(), webhooks.claim()])
    const ids = several.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id } of [long, short, failing]) await webhooks.store.removeWebhook(id, null)
  })
})

describe('a customer', () => {
  test('whose endpoints are slow and answer at last leaves places to the others', async () => {
    const slow = webhooks.newCustomer()
    const many = [
      await webhooks.endpointOf(slow),
      await webhooks.endpointOf(slow),
      await webhooks.endpointOf(slow),
    ]
    for (const endpoint of many) await webhooks.enqueue(endpoint, 10)
    const other = await webhooks.endpointOf(webhooks.newCustomer())
    await webhooks.enqueue(other, 3)
    const count = (claimed: Claimed[]) => [
      claimed.filter(({ endpointId }) => many.some(({ id }) => id === endpointId)).length,
      claimed.filter(({ endpointId }) => endpointId === other.id).length,
    ]
    const limits = { perCustomerMax: 6, leaseMs: 0 }
    expect(count(await webhooks.claim(limits))).toEqual([6, 3])
    // What is under way counts, wherever it is.
    const [first, second] = many
    const busy = new Map([
      [first?.id ?? '', 3],
      [second?.id ?? '', 1],
    ])
    expect(count(await webhooks.claim({ ...limits, busy }))).toEqual([2, 3])
    expect(count(await webhooks.claim({ ...limits, busy, perCustomerMax: 4 }))).toEqual([0, 3])
    for (const { id } of [...many, other]) await webhooks.store.removeWebhook(id, null)
  })
})

describe('a settlement', () => {
  test('of an old URL says nothing of the new one, which begins without failures', async () => {
    const endpoint = await webhooks.endpointOf(webhooks.newCustomer())
    await webhooks.enqueue(endpoint, 2)
    const [one, two] = await webhooks.claimOf(endpoint)
    await webhooks.settle(settlement(one, { ...failed, pauseMs: 60_000 }))
    const url = 'https://new.example.com/'
    expect(await webhooks.store.changeWebhook(endpoint.id, null, { url })).toMatchObject({
      url,
      failures: 0,
      failingSince: null,
    })
    expect(await webhooks.settle(settlement(two, { ...failed, gone: true }))).toEqual([])
    expect(await webhooks.store.getWebhook(endpoint.id, null)).toMatchObject({
      failures: 0,
      disabledAt: null,
    })
    await webhooks.enqueue(endpoint, 1)
    const [next] = await webhooks.claimOf(endpoint)
    expect(next?.url).toBe(url)
    await webhooks.settle(settlement(next, failed))
    // The same URL again is no new one.
    expect(await webhooks.store.changeWebhook(endpoint.id, null, { url })).toMatchObject({
      failures: 1,
    })
    await webhooks.store.removeWebhook(endpoint.id, null)
  })

  test('puts off, fails, and counts what fails in a row', async () => {
    const endpoint = await webhooks.endpointOf(webhooks.newCustomer())
    await webhooks.enqueue(endpoint, 2)
    const [one, two] = await webhooks.claimOf(endpoint)
    await webhooks.settle(
      settlement(one, { ...failed, retryInMs: 60_000 }),
      settlement(two, failed),
    )
    expect(await webhooks.store.getWebhook(endpoint.id, null)).toMatchObject({
      failures: 2,
      failingSince: expect.any(Date),
    })
    const [again] = await webhooks.claimOf(endpoint)
    expect(again?.id).toBe(two?.id)
    await webhooks.settle(settlement(again))
    expect(await webhooks.store.getWebhook(endpoint.id, null)).toMatchObject({
      failures: 0,
      failingSince: null,
    })
    const [first, second] = await webhooks.deliveriesOf(endpoint)
    expect([first, second].map((delivery) => delivery?.status).toSorted()).toEqual([
      'delivered',
      'pending',
    ])
    await webhooks.store.removeWebhook(endpoint.id, null)
  })

  test('disables who is gone, and who has failed for all attempts of a delivery', async () => {
    const [gone, dead, flaky] = [
      await webhooks.endpointOf(webhooks.newCustomer()),
      await webhooks.endpointOf(webhooks.newCustomer()),
      await webhooks.endpointOf(webhooks.newCustomer()),
    ]
    for (const endpoint of [gone, dead]) await webhooks.enqueue(endpoint, 1)
    await webhooks.enqueue(flaky, 2)
    const claimed = await webhooks.claim()
    const of = ({ id }: WebhookEndpoint) => claimed.filter(({ endpointId }) => endpointId === id)
    const [bad, good] = of(flaky)
    const disabled = await webhooks.settle(
      settlement(of(gone)[0], { ...failed, responseStatus: 410, gone: true }),
      settlement(of(dead)[0], { ...failed, result: 'failed' }),
      settlement(bad, { ...failed, result: 'failed' }),
      settlement(good),
    )
    expect(disabled.toSorted((a, b) => (a.reason < b.reason ? -1 : 1))).toEqual([
      { id: dead.id, customerId: dead.customerId, reason: 'failing' },
      { id: gone.id, customerId: gone.customerId, reason: 'gone' },
    ])
    expect((await webhooks.store.getWebhook(flaky.id, null))?.disabledAt).toBeNull()
    const [delivery] = await webhooks.deliveriesOf(dead)
    expect(delivery).toMatchObject({ status: 'failed', nextAttemptAt: null })
    await webhooks.store.setWebhookDisabled(dead.id, null, false)
    expect(await webhooks.store.replayWebhookDelivery(delivery?.id ?? '', gone.id)).toBeNull()
    expect(await webhooks.store.replayWebhookDelivery(delivery?.id ?? '', dead.id)).toMatchObject({
      id: delivery?.id,
      status: 'pending',
      attempts: 1,
    })
    const [again] = await webhooks.claimOf(dead)
    expect(again).toMatchObject({ id: delivery?.id, step: 1 })
    await webhooks.settle(settlement(again, { ...failed, result: 'failed' }))
    await webhooks.store.setWebhookDisabled(dead.id, null, false)
    expect(
      await webhooks.store.replayFailedWebhooks(dead.id, new Date(Date.now() + 60_000), null),
    ).toEqual({
      replayed: 0,
      more: false,
    })
    const longAgo = new Date('1969-01-01T00:00:00Z')
    expect(await webhooks.store.replayFailedWebhooks(dead.id, longAgo, null)).toEqual({
      replayed: 1,
      more: false,
    })
    for (const { id } of [gone, dead, flaky]) await webhooks.store.removeWebhook(id, null)
  })

  test('disables who has failed for long', async () => {
    const endpoint = await webhooks.endpointOf(webhooks.newCustomer())
    await webhooks.enqueue(endpoint, 1)
    const [one] = await webhooks.claimOf(endpoint)
    await webhooks.database.write`
      UPDATE webhook_endpoints SET failing_since = now() - interval '2 hours' WHERE id = ${endpoint.id}`
    expect(await webhooks.settle(settlement(one, failed))).toMatchObject([
      { id: endpoint.id, reason: 'failing' },
    ])
    expect(await webhooks.settle(settlement(one, failed))).toEqual([])
    await webhooks.store.removeWebhook(endpoint.id, null)
  })
})
