/** Parts whose reference comes round again within a day: what is new is kept, what is the same again is not. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { InboundItem } from '../../../src/domain/inbound-message.ts'
import { newPhone, partsOf } from './inbound-items.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const take = (...items: InboundItem[]) => fixture.store.takeInbound(items)
const textsFrom = async (sender: string) =>
  (await fixture.store.listInboundMessages({ sender }, null, 100)).map(({ text }) => text)

/** The last message of this sender became whole so long ago. */
const wasStored = (sender: string, ago: string) =>
  fixture.database.write`
    UPDATE inbound_parts SET done_at = now() - ${ago}::interval
    WHERE sender = ${sender} AND done_at IS NOT NULL`

/** The same part, as another item. */
const like = (part: InboundItem, changes: Partial<InboundItem> = {}): InboundItem => ({
  ...part,
  id: Bun.randomUUIDv7(),
  providerMessageId: part.providerMessageId === null ? null : crypto.randomUUID(),
  ...changes,
})

describe('parts with ids', () => {
  test('and the text of a message that has been whole for a minute are another: in any order, and in one request', async () => {
    const orders = [[[0], [1]], [[1], [0]], [[0, 1]]]
    for (const requests of orders) {
      const parts = partsOf(['Dear customer, ', 'goodbye'])
      const sender = parts[0]?.sender ?? ''
      await take(...parts)
      for (const text of ['hello', 'goodbye']) {
        await wasStored(sender, '61 s')
        const others = [like(parts[0] as InboundItem), like(parts[1] as InboundItem, { text })]
        for (const indexes of requests) {
          await take(...indexes.map((index) => others[index] as InboundItem))
        }
        // What came is known by its id.
        for (const other of others) expect((await take(other)).fresh).toBe(0)
      }
      expect(await textsFrom(sender)).toEqual([
        'Dear customer, goodbye',
        'Dear customer, hello',
        'Dear customer, goodbye',
      ])
    }
  })

  test('within the minute are the same again', async () => {
    const parts = partsOf(['one', 'two'])
    const sender = parts[0]?.sender ?? ''
    await take(...parts)
    await wasStored(sender, '50 s')
    for (const part of parts) expect((await take(like(part))).emitted).toEqual([])
    await take(...parts.map((part) => like(part)))
    expect(await textsFrom(sender)).toEqual(['onetwo'])
  })

  test('are another message though the first of them has none', async () => {
    const [first, second] = partsOf(['one', 'two']) as [InboundItem, InboundItem]
    await take(first, second)
    await wasStored(first.sender, '61 s')
    await take(like(first, { providerMessageId: null }), like(second))
    expect(await textsFrom(first.sender)).toEqual(['onetwo', 'onetwo'])
  })
})

describe('parts without ids', () => {
  test('and the text of a message that is whole are the same again for a day', async () => {
    const parts = partsOf(['one', 'two']).map((part) => ({ ...part, providerMessageId: null }))
    const sender = parts[0]?.sender ?? ''
    await take(...parts)
    for (const part of parts) expect((await take(like(part))).emitted).toEqual([])
    expect((await take(...parts.map((part) => like(part)))).emitted).toEqual([])
    expect(await textsFrom(sender)).toEqual(['onetwo'])
    await wasStored(sender, '23 h')
    expect((await take(...parts.map((part) => like(part)))).emitted).toEqual([])
    await wasStored(sender, '25 h')
    await take(...parts.map((part) => like(part)))
    expect(await textsFrom(sender)).toEqual(['onetwo', 'onetwo'])
  })

  test('are another message when one of them says something else', async () => {
    const parts = partsOf(['one', 'two']).map((part) => ({ ...part, providerMessageId: null }))
    const [first, second] = parts as [InboundItem, InboundItem]
    await take(...parts)
    await take(like(first), like(second, { text: 'three' }))
    expect(await textsFrom(first.sender)).toEqual(['onethree', 'onetwo'])
  })

  test('that collide with one that waits are stored once, however often they come', async () => {
    const parts = partsOf(['one', 'two']).map((part) => ({ ...part, providerMessageId: null }))
    const [first, second] = parts as [InboundItem, InboundItem]
    await take(first)
    const other = () => like(first, { text: 'other' })
    const takings = await Promise.all([take(other(), other()), take(other()), take(other())])
    expect(takings.flatMap(({ emitted }) => emitted)).toHaveLength(1)
    expect((await take(other())).emitted).toEqual([])
    expect((await take(like(first, { text: 'yet another' }))).emitted).toHaveLength(1)
    // With the text of another provider's, and that of another sender's, they are others.
    for (const changes of [{ provider: 'b' }, { sender: newPhone() }]) {
      await take(like(first, changes))
      expect((await take(like(other(), changes))).emitted).toHaveLength(1)
    }
    await take(like(second))
    expect((await textsFrom(first.sender)).filter((text) => text === 'other')).toHaveLength(2)
    expect(await textsFrom(first.sender)).toContain('onetwo')
    // Nor when the one that it collided with is whole: it begins no message of which the rest never comes.
    expect(await take(other())).toEqual({ fresh: 0, emitted: [] })
    const [waiting] = await fixture.database.write<{ count: number }[]>`
      SELECT count(*)::int AS count FROM inbound_parts
      WHERE sender = ${first.sender} AND provider = 'a' AND done_at IS NULL`
    expect(waiting?.count).toBe(0)
    await fixture.database.write`UPDATE inbound_receipts SET until = now() - interval '1 s'`
    const again = partsOf(['one', 'two']).map((part) => ({ ...part, sender: first.sender }))
    await take(like(again[0] as InboundItem, { text: 'one more' }))
    expect((await take(other())).emitted).toHaveLength(1)
  })

  test('that collide many at once, in every request in another order, are each stored once', async () => {
    const messages = Array.from({ length: 20 }, () =>
      partsOf(['one', 'two']).map((part) => ({ ...part, providerMessageId: null })),
    )
    const firsts = messages.map(([first]) => first as InboundItem)
    await take(...firsts)
    const colliding = () => firsts.map((first) => like(first, { text: 'other' }))
    const takings = await Promise.all(
      Array.from({ length: 40 }, (_, round) =>
        take(...(round % 2 === 0 ? colliding() : colliding().reverse())),
      ),
    )
    expect(takings.flatMap(({ emitted }) => emitted)).toHaveLength(firsts.length)
  })
})
