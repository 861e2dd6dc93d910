/** Which of a batch's requests are accepted, where keys and money meet, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { AcceptableRequest } from '../../../src/store/idempotency-keys.ts'
import { createPayer, enter } from './payers.ts'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(async () => {
  expect(await fixture.store.auditLedger(null)).toEqual([])
  await fixture.close()
})

/** Of messages at these prices. */
function request(customerId: number, prices: readonly number[], key?: string): AcceptableRequest {
  const messages = prices.map((price) => ({
    ...newMessage(),
    customerId,
    charge: { price, returnRule: 'not_sent' as const },
  }))
  if (key === undefined) return { key: null, messages }
  const answer = { fingerprint: '07'.repeat(32), status: 202, response: 'accepted' }
  return { ...answer, scope: customerId, key, messages }
}

const insert = (...requests: AcceptableRequest[]) =>
  fixture.store.insertRequests(requests, validityMs)

test('those that were accepted before count for nothing, however little money there is', async () => {
  const id = await createPayer(fixture.store, 200)
  const asked = ['one', 'two'].map((key) => request(id, [100], key))
  expect(await insert(...asked)).toEqual(['taken', 'taken'])
  await enter(fixture.store, id, 100)
  expect(await insert(...asked, request(id, [100], 'three'))).toEqual(['known', 'known', 'taken'])
  expect((await fixture.store.getAccount(id))?.balance).toBe(0)
})

test('all of their messages are counted in the ledger, whether all requests are taken or some', async () => {
  const id = await createPayer(fixture.store, 100)
  expect(await insert(request(id, [0, 10]))).toEqual(['taken'])
  expect(await insert(request(id, [0, 10]), request(id, [500]))).toEqual(['taken', 'short'])
  const entries = await fixture.store.listLedger(id, null, 2)
  expect(entries.map(({ amount, messages }) => [amount, messages])).toEqual([
    [-10, 2],
    [-10, 2],
  ])
})
