/** A message's life through the store's statements, on a real PostgreSQL. */

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
import {
  claimedMessages,
  claimToken,
  createStoreFixture,
  newMessage,
  type StoreFixture,
  statusOf,
  validityMs,
} from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const failure = {
  attempt: 1,
  provider: 'a',
  kind: 'unavailable',
  code: 'http_status_503',
  detail: 'status 503',
  at: '2026-01-01T00:00:00.000Z',
} as const

describe('accepting', () => {
  test('keeps every field as it was given, whatever is in it', async () => {
    const { store } = fixture
    const odd = {
      ...newMessage('express'),
      text: `quote " back \\ {brace}, NULL 'x' é€😀\n`,
      senderId: 'A"B',
    }
    const plain = newMessage()
    await store.insertMessages([odd, plain], validityMs)
    expect(await store.queries.get(odd.id, null)).toMatchObject({
      lane: 'express',
      status: 'queued',
      text: odd.text,
      senderId: 'A"B',
      attempts: 0,
      provider: null,
      failures: [],
    })
    expect((await store.queries.get(plain.id, null))?.senderId).toBeNull()
  })

  test('makes the partition of a day that has none', async () => {
    const { store, database } = fixture
    const tomorrow = newMessage('normal', Date.now() + dayMs)
    const day = new Date(Date.now() + dayMs).toISOString().slice(0, 10).replaceAll('-', '')
    await database.write.unsafe(`DROP TABLE messages_${day}`)
    await store.insertMessages([tomorrow], validityMs)
    expect(await statusOf(store, tomorrow.id)).toBe('queued')
  })

  test('refuses the whole batch when one value cannot be stored', async () => {
    const { store } = fixture
    const good = newMessage()
    const bad = { ...newMessage(), text: 'nul \0' }
    expect(store.insertMessages([good, bad], validityMs)).rejects.toMatchObject({ code: '22021' })
    expect(await store.queries.get(good.id, null)).toBeNull()
  })
})

describe('settling', () => {
  test('sent, with the provider id and the failures before it', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    const settlement = {
      id,
      claimToken,
      provider: 'b',
      providerMessageId: `r-${id}`,
      failures: [failure],
    }
    expect(await store.settleSent([settlement], dayMs)).toEqual([{ id, status: 'sent' }])
    expect(await store.queries.get(id, null)).toMatchObject({
      status: 'sent',
      provider: 'b',
      providerMessageId: `r-${id}`,
      attempts: 1,
      failures: [failure],
    })
    expect(await store.settleSent([settlement], dayMs)).toEqual([])
  })

  test('a settlement of an earlier claim changes nothing, but its report is matched', async () => {
    const { store, database } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    await database.write`UPDATE messages SET claim_token = 2 WHERE id = ${id}`
    const late = { id, claimToken, provider: 'a', providerMessageId: `late-${id}`, failures: [] }
    expect(await store.settleSent([late], dayMs)).toEqual([])
    expect(await statusOf(store, id)).toBe('sending')
    const applied = await store.applyReports(
      [
        {
          provider: 'a',
          providerMessageId: `late-${id}`,
          status: 'delivered',
          errorCode: null,
          occurredAtMs: Date.now(),
        },
      ],
      dayMs,
      Date.now(),
    )
    expect(applied.matched).toBe(1)
    expect(await statusOf(store, id)).toBe('delivered')
  })

  test('failed is a dead letter; replayed once, it is queued with a new count of attempts', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    await store.settleUnsent([
      {
        id,
        claimToken,
        lane: 'normal',
        result: 'failed',
        retryInMs: 0,
        provider: 'a',
        inDoubtProvider: null,
        failures: [failure],
      },
    ])
    expect(await store.getDeadLetter(id)).toMatchObject({
      errorCode: 'http_status_503',
      attempts: 1,
      replayedAt: null,
    })
    expect(await store.queries.reports(id, null)).toMatchObject([
      { status: 'failed', errorCode: 'http_status_503' },
    ])
    expect(await store.replayDeadLetters([id, Bun.randomUUIDv7()], validityMs, dayMs)).toEqual([id])
    expect(await store.replayDeadLetters([id], validityMs, dayMs)).toEqual([])
    expect(await store.queries.get(id, null)).toMatchObject({
      status: 'queued',
      attempts: 0,
      failures: [failure],
    })
  })

  test('what a claim comes to is nothing to a claim after a replay, which counts from 1 again', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    const base = { id, lane: 'normal', retryInMs: 0, inDoubtProvider: null } as const
    const late = { ...base, claimToken, provider: 'a', failures: [failure] }
    await store.settleUnsent([{ ...late, result: 'queued' }])
    const second = { ...base, claimToken: '2', provider: 'b', failures: [failure] }
    await store.claimMessages([{ id, provider: 'b' }], 60_000, second.claimToken)
    await store.settleUnsent([{ ...second, result: 'failed' }])
    await store.replayDeadLetters([id], validityMs, dayMs)
    expect(await store.claimMessages([{ id, provider: 'c' }], 60_000)).toMatchObject([
      { attempt: 1 },
    ])
    expect(await store.settleUnsent([{ ...late, result: 'rejected' }])).toEqual([])
    expect(await store.reassignMessages([{ ...late, from: 'c', provider: 'a' }], 1)).toEqual(
      new Set(),
    )
    expect(await store.queries.get(id, null)).toMatchObject({ status: 'sending', provider: 'c' })
  })

  test('two claims of one message in a batch: the one that holds it is settled', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    const base = { id, lane: 'normal', retryInMs: 0, provider: 'a', inDoubtProvider: null } as const
    const earlier = { ...base, claimToken: '2', result: 'queued', failures: [] } as const
    const last = { ...base, claimToken, result: 'failed', failures: [failure] } as const
    expect(await store.settleUnsent([earlier, last])).toEqual([{ id, status: 'failed' }])
    expect(await store.getDeadLetter(id)).toMatchObject({ errorCode: 'http_status_503' })
  })

  test('handed back, it is queued, and its attempt is not counted when nothing went out; only the newest failures are kept', async () => {
    const { store } = fixture
    const [first, second] = await claimedMessages(store, 2)
    const base = { lane: 'normal', retryInMs: 0, provider: 'a', inDoubtProvider: null } as const
    const many = Array.from({ length: 25 }, (_, index) => ({ ...failure, code: `code_${index}` }))
    await store.settleUnsent([
      { ...base, id: first?.id ?? '', claimToken, result: 'released', failures: [] },
      { ...base, id: second?.id ?? '', claimToken, result: 'queued', failures: many },
    ])
    expect(await store.queries.get(first?.id ?? '', null)).toMatchObject({
      status: 'queued',
      attempts: 0,
    })
    const kept = (await store.queries.get(second?.id ?? '', null))?.failures.map(({ code }) => code)
    expect(kept).toEqual(many.slice(5).map(({ code }) => code))
  })
})
