/** Whose an inbound message is, and what its words change, on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { InboundItem } from '../../../src/domain/inbound-message.ts'
import type { InboundMessage } from '../../../src/store/inbound-messages.ts'
import { createNumberRoute, deleteNumberRoute } from '../../../src/store/number-routes.ts'
import { item, newPhone, partsOf } from './inbound-items.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const take = (...items: InboundItem[]) => fixture.store.takeInbound(items)
const from = (sender: string): Promise<InboundMessage[]> =>
  fixture.store.listInboundMessages({ sender }, null, 100)

async function customerWith(number: string, keyword: string | null = null): Promise<number> {
  const customer = await fixture.store.createCustomer(null, 'a customer')
  const id = customer?.id ?? 0
  expect(await createNumberRoute(fixture.database.write, number, keyword, id)).toMatchObject({
    number,
  })
  return id
}

const optOutsOf = async (customerId: number) =>
  (await fixture.store.listOptOuts(customerId, null, 0, 100)).map(
    ({ phone, senderId, source }) => [phone, senderId, source] as const,
  )

describe('routes', () => {
  test('the one of the number and the word comes before the one of the number', async () => {
    const number = newPhone()
    const [all, shop] = [await customerWith(number), await customerWith(number, 'shop')]
    const texts = ['hello', 'Shop: now', 'SHOP', 'shopping', '', 'x'.repeat(40)]
    for (const text of texts) await take(item({ recipient: number, text }))
    const found = await fixture.store.listInboundMessages({ recipient: number }, null, 100)
    expect(found.map(({ text, customerId }) => [text, customerId]).toReversed()).toEqual([
      ['hello', all],
      ['Shop: now', shop],
      ['SHOP', shop],
      ['shopping', all],
      ['', all],
      ['x'.repeat(40), all],
    ])
    const ofShop = await fixture.store.listInboundMessages({ customerId: shop }, null, 100)
    expect(ofShop.map(({ keyword }) => keyword)).toEqual(['shop', 'shop'])
    expect(await fixture.store.getInboundMessage(found[0]?.id ?? '', shop)).toBeNull()
    expect(await fixture.store.getInboundMessage(found[0]?.id ?? '', all)).toEqual(
      found[0] as InboundMessage,
    )
  })

  test('are one a number and word, of a customer that there is', async () => {
    const { store } = fixture
    const { write } = fixture.database
    const number = newPhone()
    const customer = await customerWith(number)
    expect(await createNumberRoute(write, number, null, customer)).toBe('exists')
    expect(await createNumberRoute(write, number, 'x', 999_999)).toBe('no_customer')
    const listed = (await store.listNumberRoutes(0, 1_000)).filter((one) => one.number === number)
    expect(listed).toMatchObject([{ number, keyword: null, customerId: customer }])
    const id = listed[0]?.id ?? 0
    expect(await deleteNumberRoute(write, id)).toEqual(listed[0] ?? null)
    expect(await deleteNumberRoute(write, id)).toBeNull()
  })
})

describe('words', () => {
  test('stop and start, for the customer and the number that was written to', async () => {
    const number = newPhone()
    const customer = await customerWith(number)
    const { sender } = item()
    const say = (text: string) => take(item({ sender, recipient: number, text }))
    for (const text of ['stop it', 'do not stop', 'help']) await say(text)
    expect(await optOutsOf(customer)).toEqual([])
    await say(' “Stop All”! ')
    await say('STOP')
    expect(await optOutsOf(customer)).toEqual([[sender, number, 'inbound']])
    await say('Start.')
    expect(await optOutsOf(customer)).toEqual([])
    const actions = (await from(sender)).map(({ action }) => action)
    expect(actions.toReversed()).toEqual([null, null, 'help', 'stop', 'stop', 'start'])
  })

  test('the last one in a request counts', async () => {
    const number = newPhone()
    const customer = await customerWith(number)
    const { sender } = item()
    const say = (text: string) => item({ sender, recipient: number, text })
    await take(say('stop'), say('start'))
    expect(await optOutsOf(customer)).toEqual([])
    await take(say('start'), say('stop'))
    expect(await optOutsOf(customer)).toEqual([[sender, number, 'inbound']])
  })

  test('of everybody concern all customers with a route of the number; one of their own concerns its customer', async () => {
    const number = newPhone()
    const [first, second] = [await customerWith(number, 'a'), await customerWith(number, 'b')]
    const { sender } = item()
    await take(item({ sender, recipient: number, text: 'stop' }))
    expect(await optOutsOf(first)).toEqual([[sender, number, 'inbound']])
    expect(await optOutsOf(second)).toEqual([[sender, number, 'inbound']])
    expect(await from(sender)).toMatchObject([{ customerId: null, action: 'stop' }])

    const own = newPhone()
    const third = await customerWith(own)
    const fourth = await customerWith(own, 'b')
    await fixture.store.updateCustomer(third, { settings: { opt_out_words: { stop: ['basta'] } } })
    await take(item({ sender, recipient: own, text: 'Basta!' }))
    expect(await optOutsOf(third)).toEqual([[sender, own, 'inbound']])
    expect(await optOutsOf(fourth)).toEqual([])
  })

  test('of the same people, over several connections at once, never lock each other out', async () => {
    const numbers = [newPhone(), newPhone()]
    for (const number of numbers) await customerWith(number)
    const phones = Array.from({ length: 5 }, newPhone)
    const said = (n: number): InboundItem =>
      item({
        sender: phones[(n * 7) % 5] ?? '',
        recipient: numbers[n % 2] ?? '',
        text: n % 3 === 0 ? 'start' : 'stop',
      })
    const takings = Array.from({ length: 500 }, (_, round) =>
      take(...Array.from({ length: 5 }, (_, n) => said(round * 5 + n))),
    )
    const taken = await Promise.all(takings)
    expect(taken.reduce((sum, { fresh }) => sum + fresh, 0)).toBe(2_500)
  })

  test('in parts are a word', async () => {
    const number = newPhone()
    const customer = await customerWith(number)
    const parts = partsOf(['st', 'op']).map((part) => ({ ...part, recipient: number }))
    await take(...parts)
    expect(await optOutsOf(customer)).toHaveLength(1)
  })
})
