/** What people send to our numbers, on a real PostgreSQL: in any order, several at once, repeated, and never whole. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { InboundItem, MessagePart } from '../../../src/domain/inbound-message.ts'
import type { InboundMessage } from '../../../src/store/inbound-messages.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

let numbers = 0
/** Nobody else's. */
const newPhone = (): string => `+49170${String(++numbers).padStart(7, '0')}`

function item(changes: Partial<InboundItem> = {}): InboundItem {
  return {
    id: Bun.randomUUIDv7(),
    provider: 'a',
    providerMessageId: crypto.randomUUID(),
    sender: newPhone(),
    recipient: '+4915000000',
    text: 'hello',
    part: null,
    receivedAtMs: null,
    ...changes,
  }
}

const take = (...items: InboundItem[]) => fixture.store.takeInbound(items)
const from = (sender: string): Promise<InboundMessage[]> =>
  fixture.store.listInboundMessages({ sender }, null, 100)

/** The parts of one message, as `part` numbers them. */
function partsOf(texts: readonly string[], part: Partial<MessagePart> = {}): InboundItem[] {
  const sender = newPhone()
  const reference = part.reference ?? 7
  return texts.map((text, index) =>
    item({ sender, text, part: { reference, total: texts.length, number: index + 1 } }),
  )
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  )
}

async function customerWith(number: string, keyword: string | null = null): Promise<number> {
  const customer = await fixture.store.createCustomer(null, 'a customer')
  const id = customer?.id ?? 0
  expect(await fixture.store.createNumberRoute(number, keyword, id)).toMatchObject({ number })
  return id
}

const optOutsOf = async (customerId: number) =>
  (await fixture.store.listOptOuts(customerId, null, 0, 100)).map(
    ({ phone, senderId, source }) => [phone, senderId, source] as const,
  )

describe('a whole message', () => {
  test('is stored, with nobody to get it', async () => {
    const sent = item({
      text: 'Ünïcode "quoted" \\ {€}',
      receivedAtMs: Date.parse('2026-01-31T12:00:00Z'),
    })
    expect(await take(sent)).toEqual({
      fresh: 1,
      emitted: [{ provider: 'a', action: null, isRouted: false, isComplete: true }],
    })
    expect(await from(sent.sender)).toEqual([
      {
        id: sent.id,
        provider: 'a',
        providerMessageId: sent.providerMessageId,
        sender: sent.sender,
        recipient: sent.recipient,
        text: sent.text,
        customerId: null,
        keyword: 'ünïcode',
        action: null,
        parts: 1,
        missing: [],
        receivedAt: new Date('2026-01-31T12:00:00Z'),
      },
    ])
  })

  test('with an id that came before is the same again: in one request, later, and at once from several', async () => {
    const sent = item()
    const again = () => ({ ...sent, id: Bun.randomUUIDv7() })
    const takings = await Promise.all(Array.from({ length: 8 }, () => take(again(), again())))
    expect(takings.reduce((sum, { fresh }) => sum + fresh, 0)).toBe(1)
    expect((await take(again())).fresh).toBe(0)
    expect(await from(sent.sender)).toHaveLength(1)
    expect((await take({ ...again(), provider: 'b' })).fresh).toBe(1)
  })

  test('without an id is the same again when its text is, for a minute', async () => {
    const sent = item({ providerMessageId: null })
    expect((await take(sent, { ...sent, id: Bun.randomUUIDv7() })).fresh).toBe(1)
    expect((await take({ ...sent, id: Bun.randomUUIDv7() })).fresh).toBe(0)
    expect((await take({ ...sent, id: Bun.randomUUIDv7(), text: 'other' })).fresh).toBe(1)
    await fixture.database.write.unsafe(
      `UPDATE inbound_receipts SET until = now() - interval '1 s'`,
    )
    expect((await take({ ...sent, id: Bun.randomUUIDv7() })).fresh).toBe(1)
  })
})

describe('parts', () => {
  test('make one message in any order, one by one', async () => {
    for (const order of permutations([0, 1, 2, 3])) {
      const parts = partsOf(['one ', 'two ', 'three ', 'four'])
      const emitted: unknown[] = []
      for (const index of order) {
        emitted.push(...(await take(parts[index] as InboundItem)).emitted)
      }
      expect(emitted).toHaveLength(1)
      const [found, ...more] = await from(parts[0]?.sender ?? '')
      expect(more).toEqual([])
      expect(found).toMatchObject({
        id: parts[order.at(-1) ?? 0]?.id,
        text: 'one two three four',
        keyword: 'one',
        parts: 4,
        missing: [],
        providerMessageId: parts[order[0] ?? 0]?.providerMessageId,
      })
    }
  })

  test('make one message in one request', async () => {
    const parts = partsOf(['a', 'b', 'c'])
    await take(...parts.toReversed())
    expect(await from(parts[0]?.sender ?? '')).toMatchObject([{ text: 'abc', parts: 3 }])
  })

  test('that come at once over several connections, each twice, make one message', async () => {
    for (let round = 0; round < 20; round++) {
      const parts = partsOf(['a', 'b', 'c', 'd'])
      const twice = [...parts, ...parts].map((part) => ({ ...part, id: Bun.randomUUIDv7() }))
      const takings = await Promise.all(twice.map((part) => take(part)))
      expect(takings.flatMap(({ emitted }) => emitted)).toHaveLength(1)
      expect(await from(parts[0]?.sender ?? '')).toMatchObject([{ text: 'abcd', missing: [] }])
    }
  })

  test('many messages of many parts at once, in every connection in another order: none is lost and none is twice', async () => {
    const messages = Array.from({ length: 20 }, () => partsOf(['x', 'y', 'z']))
    const flights = [0, 1, 2].map((index) => messages.map((parts) => parts[index] as InboundItem))
    flights[1]?.reverse()
    const takings = await Promise.all(flights.map((flight) => take(...flight)))
    expect(takings.flatMap(({ emitted }) => emitted)).toHaveLength(20)
    for (const [first] of messages) {
      expect(await from(first?.sender ?? '')).toMatchObject([{ text: 'xyz' }])
    }
  })

  test('that are repeated change nothing, before and after the message is whole, with new ids and without', async () => {
    const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
    const again = (part: InboundItem, providerMessageId: string | null) => ({
      ...part,
      id: Bun.randomUUIDv7(),
      providerMessageId,
    })
    await take(first)
    expect((await take(again(first, 'another id'))).emitted).toEqual([])
    expect((await take(second)).emitted).toHaveLength(1)
    for (const part of [first, second]) {
      expect((await take(again(part, `yet another of ${part.text}`))).emitted).toEqual([])
      expect((await take(again(part, null))).emitted).toEqual([])
    }
    expect(await from(first.sender)).toHaveLength(1)
    expect(await fixture.store.giveUpParts([Bun.randomUUIDv7()], 0)).toEqual([])
  })

  test('of which all have one id of the provider are not taken for repetitions', async () => {
    const parts = partsOf(['one ', 'two']).map((part) => ({ ...part, providerMessageId: 'shared' }))
    for (const part of parts) await take(part)
    expect(await from(parts[0]?.sender ?? '')).toMatchObject([{ text: 'one two' }])
  })

  test('with the reference of a message that is whole are another message when their text is another', async () => {
    const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
    await take(first, second)
    await take(item({ ...first, id: Bun.randomUUIDv7(), providerMessageId: 'n1', text: 'three' }))
    await take(item({ ...second, id: Bun.randomUUIDv7(), providerMessageId: 'n2', text: 'four' }))
    const texts = (await from(first.sender)).map(({ text }) => text)
    expect(texts).toEqual(['threefour', 'onetwo'])
  })

  test('that collide with one that waits are a message of their own at once: nothing is lost', async () => {
    const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
    const other = { ...first, id: Bun.randomUUIDv7(), providerMessageId: 'other', text: 'other' }
    await take(first)
    await take(other)
    await take({ ...second, id: Bun.randomUUIDv7() })
    expect(await from(first.sender)).toMatchObject([
      { text: 'onetwo', missing: [] },
      { text: 'other', parts: 2, missing: [2] },
    ])
  })

  test('of which some never come are a message with what there is, once; one that comes later is another', async () => {
    const parts = partsOf(['one ', 'two ', 'three'])
    const [first, second, third] = parts as [InboundItem, InboundItem, InboundItem]
    await take(third)
    await take(first)
    const ids = () => Array.from({ length: 500 }, () => Bun.randomUUIDv7())
    expect(await fixture.store.giveUpParts(ids(), 60_000)).toEqual([])
    expect(await from(first.sender)).toEqual([])
    const rounds = await Promise.all([0, 1, 2].map(() => fixture.store.giveUpParts(ids(), 0)))
    expect(rounds.flat()).toEqual([
      { provider: 'a', action: null, isRouted: false, isComplete: false },
    ])
    expect(await from(first.sender)).toMatchObject([{ text: 'one three', parts: 3, missing: [2] }])
    await take(second)
    await fixture.store.giveUpParts(ids(), 0)
    expect(await from(first.sender)).toMatchObject([
      { text: 'two ', missing: [1, 3] },
      { text: 'one three' },
    ])
  })

  test('that come while they are given up are in one message or the other', async () => {
    for (let round = 0; round < 20; round++) {
      const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
      await take(first)
      await Promise.all([take(second), fixture.store.giveUpParts([Bun.randomUUIDv7()], 0)])
      await fixture.store.giveUpParts([Bun.randomUUIDv7()], 0)
      const texts = (await from(first.sender)).map(({ text }) => text).toSorted()
      expect([['onetwo'], ['one', 'two']]).toContainEqual(texts)
    }
  })
})

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
    const number = newPhone()
    const customer = await customerWith(number)
    expect(await store.createNumberRoute(number, null, customer)).toBe('exists')
    expect(await store.createNumberRoute(number, 'x', 999_999)).toBe('no_customer')
    const listed = (await store.listNumberRoutes(0, 1_000)).filter((one) => one.number === number)
    expect(listed).toMatchObject([{ number, keyword: null, customerId: customer }])
    const id = listed[0]?.id ?? 0
    expect(await store.deleteNumberRoute(id)).toEqual(listed[0] ?? null)
    expect(await store.deleteNumberRoute(id)).toBeNull()
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

  test('in parts are a word', async () => {
    const number = newPhone()
    const customer = await customerWith(number)
    const parts = partsOf(['st', 'op']).map((part) => ({ ...part, recipient: number }))
    await take(...parts)
    expect(await optOutsOf(customer)).toHaveLength(1)
  })
})

test('what is old is forgotten', async () => {
  const { store, database } = fixture
  const old = item({ id: Bun.randomUUIDv7('hex', Date.now() - 20 * 86_400_000) })
  const fresh = item()
  const parts = partsOf(['a', 'b'])
  await take(old, fresh, ...parts)
  const removed = async () => {
    let sum = 0
    for (let step = -1; step !== 0; sum += step) step = await store.forgetInbound(14)
    return sum
  }
  await removed()
  expect(await from(old.sender)).toEqual([])
  expect(await from(fresh.sender)).toHaveLength(1)
  // Repetitions are known all the same.
  expect((await take({ ...old, id: Bun.randomUUIDv7() })).fresh).toBe(0)
  await database.write.unsafe(
    `UPDATE inbound_parts SET done_at = now() - interval '2 days' WHERE done_at IS NOT NULL`,
  )
  await database.write.unsafe(`UPDATE inbound_receipts SET until = now() - interval '1 s'`)
  await removed()
  const [left] = await database.write.unsafe(
    `SELECT (SELECT count(*) FROM inbound_receipts)::int AS receipts,
       (SELECT count(*) FROM inbound_parts WHERE done_at IS NOT NULL)::int AS parts`,
  )
  expect({ ...left }).toEqual({ receipts: 0, parts: 0 })
})
