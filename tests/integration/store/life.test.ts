/** A message's life through the store's statements, on a real PostgreSQL. */

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { newClaimToken } from '../../../src/domain/claim-token.ts'
import { dayMs } from '../../../src/domain/duration.ts'
import {
  claimedMessages,
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
    expect(await store.queries.get(odd.id)).toMatchObject({
      lane: 'express',
      status: 'queued',
      text: odd.text,
      senderId: 'A"B',
      attempts: 0,
      provider: null,
      failures: [],
    })
    expect((await store.queries.get(plain.id))?.senderId).toBeNull()
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
    expect(await store.queries.get(good.id)).toBeNull()
  })
})

describe('claiming', () => {
  test('gives each message to exactly one of many claimants', async () => {
    const { store } = fixture
    const messages = Array.from({ length: 200 }, () => newMessage())
    await store.insertMessages(messages, validityMs)
    const requests = messages.map(({ id }) => ({ id, provider: 'a' }))
    const claims = await Promise.all(
      Array.from({ length: 8 }, () =>
        store.claimMessages(
          requests.toSorted(() => Math.random() - 0.5),
          60_000,
        ),
      ),
    )
    const ids = claims.flat().map((message) => message.id)
    expect(ids.length).toBe(200)
    expect(new Set(ids).size).toBe(200)
  })

  test('finds nothing to claim in what is unknown, claimed, expired or final', async () => {
    const { store } = fixture
    const expired = newMessage()
    await store.insertMessages([expired], -1)
    const [claimed] = await claimedMessages(store, 1)
    const ids = [Bun.randomUUIDv7(), expired.id, claimed?.id ?? '']
    expect(
      await store.claimMessages(
        ids.map((id) => ({ id, provider: 'a' })),
        60_000,
      ),
    ).toEqual([])
  })

  test('whose answer got lost answers again, to the same claimant only, and counts once', async () => {
    const { store } = fixture
    const message = newMessage()
    await store.insertMessages([message], validityMs)
    const requests = [{ id: message.id, provider: 'a' }]
    const token = newClaimToken(Math.random)
    const first = await store.claimMessages(requests, 60_000, token)
    const again = await store.claimMessages(requests, 60_000, token)
    expect(again).toEqual(first)
    expect(again).toMatchObject([{ id: message.id, attempt: 1 }])
    expect(await store.claimMessages(requests, 60_000)).toEqual([])
    await store.settleSent(
      [{ id: message.id, attempt: 1, provider: 'a', providerMessageId: 'r', failures: [] }],
      60_000,
    )
    expect(await store.claimMessages(requests, 60_000, token)).toEqual([])
  })

  test('a copy that comes when the message waits for its next attempt takes nothing', async () => {
    const { store } = fixture
    const message = newMessage()
    await store.insertMessages([message], validityMs)
    const requests = [{ id: message.id, provider: 'a' }]
    const token = newClaimToken(Math.random)
    await store.claimMessages(requests, 60_000, token)
    await store.settleUnsent([
      {
        id: message.id,
        attempt: 1,
        lane: 'normal',
        result: 'queued',
        retryInMs: 0,
        provider: 'a',
        inDoubtProvider: null,
        failures: [],
      },
    ])
    expect(await store.claimMessages(requests, 60_000, token)).toEqual([])
    expect(await store.claimMessages(requests, 60_000)).toMatchObject([{ attempt: 2 }])
  })

  test('a move to another provider is only for who holds the claim', async () => {
    const { store } = fixture
    const [first, second] = await claimedMessages(store, 2)
    if (first === undefined || second === undefined) throw new Error('two messages were claimed')
    const moves = [
      { id: first.id, attempt: 1, provider: 'b' },
      { id: second.id, attempt: 2, provider: 'b' },
    ]
    const ours = await store.reassignMessages(moves, 60_000)
    expect([...ours]).toEqual([first.id])
    expect((await store.queries.get(first.id))?.provider).toBe('b')
    expect((await store.queries.get(second.id))?.provider).toBe('a')
  })
})

describe('settling', () => {
  test('sent, with the provider id and the failures before it', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    const settlement = {
      id,
      attempt: 1,
      provider: 'b',
      providerMessageId: `r-${id}`,
      failures: [failure],
    }
    expect(await store.settleSent([settlement], dayMs)).toEqual([{ id, status: 'sent' }])
    expect(await store.queries.get(id)).toMatchObject({
      status: 'sent',
      provider: 'b',
      providerMessageId: `r-${id}`,
      attempts: 1,
      failures: [failure],
    })
    expect(await store.settleSent([settlement], dayMs)).toEqual([])
  })

  test('a settlement of an earlier attempt changes nothing, but its report is matched', async () => {
    const { store, database } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    await database.write`UPDATE messages SET attempts = 2 WHERE id = ${id}`
    const late = { id, attempt: 1, provider: 'a', providerMessageId: `late-${id}`, failures: [] }
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
        attempt: 1,
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
    expect(await store.queries.reports(id)).toMatchObject([
      { status: 'failed', errorCode: 'http_status_503' },
    ])
    expect(await store.replayDeadLetters([id, Bun.randomUUIDv7()], validityMs, dayMs)).toEqual([id])
    expect(await store.replayDeadLetters([id], validityMs, dayMs)).toEqual([])
    expect(await store.queries.get(id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      failures: [failure],
    })
  })

  test('handed back, it is queued; only the newest failures are kept', async () => {
    const { store } = fixture
    const [first, second] = await claimedMessages(store, 2)
    const base = { lane: 'normal', retryInMs: 0, provider: 'a', inDoubtProvider: null } as const
    const many = Array.from({ length: 25 }, (_, index) => ({ ...failure, code: `code_${index}` }))
    await store.settleUnsent([
      { ...base, id: first?.id ?? '', attempt: 1, result: 'released', failures: [] },
      { ...base, id: second?.id ?? '', attempt: 1, result: 'queued', failures: many },
    ])
    expect(await store.queries.get(first?.id ?? '')).toMatchObject({
      status: 'queued',
      attempts: 1,
    })
    const kept = (await store.queries.get(second?.id ?? ''))?.failures.map(({ code }) => code)
    expect(kept).toEqual(many.slice(5).map(({ code }) => code))
  })
})
