/** Opt-outs on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const phone = '+491701234567'

test('an opt-out holds for its customer, its number and its sender; without a sender for all', async () => {
  const { store } = fixture
  expect(await store.addOptOuts(1, [{ phone, senderId: 'Acme' }], 'api')).toBe(1)
  expect(await store.addOptOuts(2, [{ phone, senderId: null }], 'api')).toBe(1)
  const ask = async (customerId: number, senderId: string | null, recipient = phone) =>
    (await store.findOptedOut([{ customerId, recipient, senderId }]))[0]
  expect(await ask(1, 'Acme')).toBe(true)
  expect(await ask(1, 'Other')).toBe(false)
  // Whoever sends it may be the sender that is opted out of.
  expect(await ask(1, null)).toBe(true)
  expect(await ask(2, 'Other')).toBe(true)
  expect(await ask(2, null)).toBe(true)
  expect(await ask(3, 'Acme')).toBe(false)
  expect(await ask(1, 'Acme', '+491701234568')).toBe(false)
  const many = await store.findOptedOut(
    Array.from({ length: 10_000 }, (_, n) => ({
      customerId: 1 + (n % 3),
      recipient: phone,
      senderId: 'Acme',
    })),
  )
  expect(many.filter(Boolean)).toHaveLength(6_667)
  expect(await store.customersWithOptOuts([1, 2, 3])).toEqual(
    new Map([
      [1, true],
      [2, true],
    ]),
  )
})

test('adding again changes nothing, and removing takes one', async () => {
  const { store } = fixture
  const given = [
    { phone, senderId: null },
    { phone, senderId: '+4915000000' },
    { phone, senderId: null },
  ]
  expect(await store.addOptOuts(10, given, 'import')).toBe(2)
  expect(await store.addOptOuts(10, given, 'api')).toBe(0)
  const listed = await store.listOptOuts(10, null, 0, 10)
  expect(listed.map(({ source }) => source)).toEqual(['import', 'import'])
  expect(await store.listOptOuts(10, null, listed[0]?.position ?? 0, 10)).toEqual(listed.slice(1))
  expect(await store.listOptOuts(10, '+491701234568', 0, 10)).toEqual([])
  expect(await store.removeOptOut(11, { phone, senderId: null })).toBe(false)
  expect(await store.removeOptOut(10, { phone, senderId: null })).toBe(true)
  expect(await store.removeOptOut(10, { phone, senderId: null })).toBe(false)
  expect((await store.listOptOuts(10, phone, 0, 10)).map(({ senderId }) => senderId)).toEqual([
    '+4915000000',
  ])
})
