/** What the processor reads of customers to route their messages, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

test('whether anything is set for anybody is known, as is what', async () => {
  const { store } = fixture
  await store.createCustomer(1, 'one')
  await store.updateCustomer(1, {
    settings: { quiet_hours: { from: '22:00', to: '08:00', time_zone: 'UTC' } },
  })
  expect(await store.hasCustomerRouting()).toBe(false)
  const routing = { strategy: 'priority', providers: ['a'] } as const
  await store.updateCustomer(1, { settings: { routing } })
  expect(await store.hasCustomerRouting()).toBe(true)
  expect((await store.findCustomerProfiles([1])).get(1)?.settings.routing).toEqual(routing)
  await store.updateCustomer(1, { settings: { routing: null } })
  expect(await store.hasCustomerRouting()).toBe(false)
})

test('a claim tells whose message it is', async () => {
  const { store } = fixture
  const largest = Number.MAX_SAFE_INTEGER
  const messages = [7, largest].map((customerId) => ({ ...newMessage(), customerId }))
  await store.insertMessages(messages, validityMs)
  const claimed = await store.claimMessages(
    messages.map(({ id }) => ({ id, provider: 'a' })),
    60_000,
  )
  expect(new Map(claimed.map(({ id, customerId }) => [id, customerId]))).toEqual(
    new Map(messages.map(({ id, customerId }) => [id, customerId])),
  )
})

test('what waits for its provider is handed back with a time, and its claim counts no attempt', async () => {
  const { store } = fixture
  const message = newMessage()
  await store.insertMessages([message], validityMs)
  for (const _round of [1, 2]) {
    const [claimed] = await store.claimMessages([{ id: message.id, provider: 'a' }], 60_000)
    if (claimed === undefined) throw new Error('it is claimed')
    expect(claimed.attempt).toBe(1)
    await store.settleUnsent([
      {
        id: claimed.id,
        claimToken: claimed.claimToken,
        lane: claimed.lane,
        result: 'released',
        retryInMs: 30_000,
        provider: claimed.provider,
        inDoubtProvider: null,
        failures: [],
      },
    ])
    const [row] = await fixture.database.write<
      { status: string; attempts: number; wait: number }[]
    >`
      SELECT status, attempts, extract(epoch FROM due_at - now())::float8 AS wait
      FROM messages WHERE id = ${message.id}`
    expect(row).toMatchObject({ status: 'queued', attempts: 0 })
    expect(row?.wait).toBeGreaterThan(20)
    expect(row?.wait).toBeLessThan(31)
  }
})
