/** Claims and moves on a real server: who may have a message, and what late copies of statements can do. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { newClaimToken } from '../../../src/domain/claim-token.ts'
import {
  claimedMessages,
  claimToken,
  createStoreFixture,
  newMessage,
  type StoreFixture,
  validityMs,
} from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

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
      [{ id: message.id, claimToken: token, provider: 'a', providerMessageId: 'r', failures: [] }],
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
        claimToken: token,
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
    const move = { from: 'a', provider: 'b' }
    const moves = [
      { ...move, id: first.id, claimToken },
      { ...move, id: second.id, claimToken: newClaimToken(Math.random) },
    ]
    const ours = await store.reassignMessages(moves, 60_000)
    expect([...ours]).toEqual(moves.slice(0, 1))
    expect((await store.queries.get(first.id, null))?.provider).toBe('b')
    expect((await store.queries.get(second.id, null))?.provider).toBe('a')
  })

  test('of two claims of one message in a batch, only the one that holds it moves', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const held = { id: message?.id ?? '', claimToken, from: 'a', provider: 'b' }
    const earlier = { ...held, claimToken: newClaimToken(Math.random), provider: 'c' }
    const ours = await store.reassignMessages([earlier, held], 60_000)
    expect([...ours]).toEqual([held])
  })

  test('a copy of a move that comes when the message has moved on changes nothing', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    const toB = { id, claimToken, from: 'a', provider: 'b' }
    await store.reassignMessages([toB], 60_000)
    expect([...(await store.reassignMessages([toB], 60_000))]).toEqual([toB])
    await store.reassignMessages([{ ...toB, from: 'b', provider: 'c' }], 60_000)
    expect([...(await store.reassignMessages([toB], 60_000))]).toEqual([])
    expect((await store.queries.get(id, null))?.provider).toBe('c')
  })
})
