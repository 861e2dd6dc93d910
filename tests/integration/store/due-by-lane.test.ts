/** Promotion lane by lane, and what its index costs those that are not due. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
import type { Lane } from '../../../src/domain/message.ts'
import { eventually } from '../../support/eventually.ts'
import {
  claimedMessages,
  claimToken,
  createStoreFixture,
  newMessage,
  type StoreFixture,
  validityMs,
} from './store-fixture.ts'

let fixture: StoreFixture
const fixtures: StoreFixture[] = []
beforeEach(async () => {
  fixture = await createStoreFixture()
  fixtures.push(fixture)
})
afterAll(async () => {
  for (const made of fixtures) await made.close()
})

const promote = (lane: Lane) =>
  fixture.store.promoteDue(lane, {
    recheckMs: 60_000,
    reportTimeoutMs: dayMs,
    unknownProviders: [],
    attemptsMax: 3,
    oldestQueuedAgeMs: null,
  })

describe('what is due', () => {
  test('in great number in one lane does not stand before what is due later in the other', async () => {
    const { database, store } = fixture
    const express = newMessage('express')
    const many = Array.from({ length: 2_500 }, () => newMessage('normal'))
    await store.insertMessages([...many, express], validityMs)
    await database.write`
      UPDATE messages SET due_at = now() - CASE lane WHEN 'normal' THEN 60 ELSE 1 END * interval '1 s'`
    const { promotions, more } = await promote('express')
    expect(promotions.map(({ id, action }) => [id, action])).toEqual([[express.id, 'enqueue']])
    expect(more).toBe(false)
    const counts: number[] = []
    for (let batch = 0; batch < 4; batch++) counts.push((await promote('normal')).promotions.length)
    expect(counts).toEqual([1_000, 1_000, 500, 0])
  })

  test('just now does not wait for a great many that were due before', async () => {
    const { database, store } = fixture
    const many = Array.from({ length: 3_000 }, () => newMessage())
    const few = Array.from({ length: 10 }, () => ({ ...newMessage(), customerId: 2 }))
    await store.insertMessages([...few, ...many], validityMs)
    await database.write`
      UPDATE messages SET due_at = now() - CASE customer_id WHEN 1 THEN 60 ELSE 1 END * interval '1 s'`
    const { promotions } = await promote('normal')
    expect(promotions.filter(({ customerId }) => customerId === 2)).toHaveLength(few.length)
    const rest = [await promote('normal'), await promote('normal'), await promote('normal')]
    const ids = [promotions, ...rest.map((each) => each.promotions)].flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(many.length + few.length)
  })

  test('longest is taken first, and tells whose it is', async () => {
    const { database, store } = fixture
    const customerId = Number.MAX_SAFE_INTEGER
    const messages = Array.from({ length: 1_001 }, () => ({ ...newMessage(), customerId }))
    await store.insertMessages(messages, validityMs)
    await database.write`UPDATE messages SET due_at = now() - interval '1 s'`
    const oldest = messages.at(-1)?.id ?? ''
    await database.write`
      UPDATE messages SET due_at = now() - interval '1 h' WHERE id = ${oldest}`
    const { promotions, more } = await promote('normal')
    expect(more).toBe(true)
    expect(promotions.find(({ id }) => id === oldest)).toEqual({
      id: oldest,
      customerId,
      action: 'enqueue',
      wasSending: false,
    })
  })
})

test('a claim and a settlement of what is not due touch no index', async () => {
  const { database, store } = fixture
  const claimed = await claimedMessages(store, 20)
  await store.settleSent(
    claimed.map(({ id, lane }) => ({
      id,
      lane,
      claimToken,
      provider: 'a',
      providerMessageId: id,
      failures: [],
    })),
    dayMs,
  )
  const updates = await eventually(
    async () => {
      const [row] = await database.write<{ all: number; hot: number }[]>`
        SELECT sum(n_tup_upd)::int AS all, sum(n_tup_hot_upd)::int AS hot
        FROM pg_stat_user_tables WHERE relname LIKE 'messages_%'`
      return row !== undefined && row.all >= 2 * claimed.length && row
    },
    { what: 'the updates are counted' },
  )
  expect(updates.hot).toBe(updates.all)
})
