/** What people send to our numbers, on a real PostgreSQL: in any order, several at once, repeated, and never whole. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { InboundItem } from '../../../src/domain/inbound-message.ts'
import { inboundRemovedMax } from '../../../src/store/inbound-intake.ts'
import type { InboundMessage } from '../../../src/store/inbound-messages.ts'
import { item, partsOf } from './inbound-items.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const take = (...items: InboundItem[]) => fixture.store.takeInbound(items)
const from = (sender: string): Promise<InboundMessage[]> =>
  fixture.store.listInboundMessages({ sender }, null, 100)

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  )
}

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

  test('that collide in the request that makes it whole are a message of their own', async () => {
    const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
    const other = { ...first, id: Bun.randomUUIDv7(), providerMessageId: 'o', text: 'other' }
    const { emitted } = await take(first, second, other)
    expect(emitted).toHaveLength(2)
    const texts = (await from(first.sender)).map(({ text }) => text)
    expect(texts.toSorted()).toEqual(['onetwo', 'other'])
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

test('what is old is forgotten', async () => {
  const { store, database } = fixture
  const old = item({ id: Bun.randomUUIDv7('hex', Date.now() - 20 * 86_400_000) })
  const fresh = item()
  const parts = partsOf(['a', 'b'])
  await take(old, fresh, ...parts)
  const removed = async () => {
    while (await store.forgetInbound(14));
  }
  // Less than a step may take: it was the last one, though there was something to forget.
  expect(await store.forgetInbound(14)).toBe(false)
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

test('what is old is forgotten step by step, and the last step is known by being short', async () => {
  const { store, database } = fixture
  await database.write`
    INSERT INTO inbound_receipts (provider, key, until)
    SELECT 'steps', n::text, now() - interval '1 s' FROM generate_series(1, ${inboundRemovedMax + 1}) AS n`
  const left = async () => {
    const [row] = await database.write<{ count: number }[]>`
      SELECT count(*)::int AS count FROM inbound_receipts WHERE provider = 'steps'`
    return row?.count
  }
  expect(await store.forgetInbound(14)).toBe(true)
  expect(await left()).toBeGreaterThan(0)
  expect(await store.forgetInbound(14)).toBe(false)
  expect(await left()).toBe(0)
})
