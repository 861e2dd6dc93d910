/** Dead letters: listing, replay and purge, also of the same letters at once. */

import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
import type { UnsentSettlement } from '../../../src/store/settlements.ts'
import {
  claimedMessages,
  claimToken,
  createStoreFixture,
  type StoreFixture,
  statusOf,
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

function death(id: string, provider = 'a', code = 'outage'): UnsentSettlement {
  const kind = 'unavailable' as const
  const failure = { attempt: 1, provider, kind, code, detail: `${code} of ${provider}`, at: 'now' }
  const failures = [failure]
  const shared = { claimToken, retryInMs: 0, inDoubtProvider: null }
  return { ...shared, id, lane: 'normal', result: 'failed', provider, failures }
}

/** In the order of their ids, which is the order of their deaths within one statement. */
async function letters(count: number, provider?: string, code?: string): Promise<string[]> {
  const messages = await claimedMessages(fixture.store, count)
  const ids = messages.map(({ id }) => id).toSorted()
  await fixture.store.settleUnsent(ids.map((id) => death(id, provider, code)))
  return ids
}

const idsOf = (found: readonly { messageId: string }[]) => found.map(({ messageId }) => messageId)

describe('a listing', () => {
  test('has the last to die first, and goes on after any position', async () => {
    const first = await letters(3)
    const second = await letters(3)
    const newestFirst = [...second.toReversed(), ...first.toReversed()]
    const { store } = fixture
    const all = await store.listDeadLetters({}, false, null, 10)
    expect(idsOf(all)).toEqual(newestFirst)
    for (const [place, { position }] of all.entries()) {
      const rest = await store.listDeadLetters({}, false, position, 10)
      expect(idsOf(rest)).toEqual(newestFirst.slice(place + 1))
    }
  })

  test('has what passes all filters, and those replayed only when asked for', async () => {
    const { store } = fixture
    const outage = await letters(2, 'a', 'outage')
    const refused = await letters(2, 'b', 'refused')
    const list = (filter: Parameters<typeof store.listDeadLetters>[0], replayedToo = false) =>
      store.listDeadLetters(filter, replayedToo, null, 10).then(idsOf)
    expect(await list({ provider: 'b' })).toEqual(refused.toReversed())
    expect(await list({ errorCode: 'outage', lane: 'normal' })).toEqual(outage.toReversed())
    expect(await list({ errorCode: 'outage', provider: 'b' })).toEqual([])
    expect(await list({ lane: 'express' })).toEqual([])
    const [newest] = await store.listDeadLetters({}, false, null, 1)
    const deadAt = newest?.deadAt ?? new Date(0)
    expect(await list({ to: deadAt })).toEqual(outage.toReversed())
    expect(await list({ from: deadAt })).toEqual(refused.toReversed())
    expect(await store.replayDeadLetters(refused, validityMs, dayMs)).toEqual(refused)
    expect(await list({ provider: 'b' })).toEqual([])
    expect(await list({ provider: 'b' }, true)).toEqual(refused.toReversed())
  })
})

describe('a letter', () => {
  test('tells why, when, and after which attempts', async () => {
    const [id = ''] = await letters(1, 'a', 'outage')
    const letter = await fixture.store.getDeadLetter(id)
    expect(letter).toMatchObject({
      attempts: 1,
      provider: 'a',
      errorCode: 'outage',
      detail: 'outage of a',
      status: 'failed',
      failures: [{ attempt: 1, provider: 'a', code: 'outage' }],
      replayedAt: null,
    })
    expect(await fixture.store.getDeadLetter(Bun.randomUUIDv7())).toBeNull()
  })

  test('is measured while it waits', async () => {
    const { store, database } = fixture
    expect(await store.measureDeadLetters()).toEqual({ count: 0, oldestAgeMs: 0 })
    const [id = '', other = ''] = await letters(2)
    await database.write`UPDATE dead_letters SET dead_at = dead_at - interval '1 hour' WHERE message_id = ${id}`
    const { count, oldestAgeMs } = await store.measureDeadLetters()
    expect(count).toBe(2)
    expect(Math.floor(oldestAgeMs / 3_600_000)).toBe(1)
    await store.replayDeadLetters([id], validityMs, dayMs)
    await store.purgeDeadLetters([other])
    expect(await store.measureDeadLetters()).toEqual({ count: 0, oldestAgeMs: 0 })
  })
})

describe('purging', () => {
  test('forgets the letter; its message stays failed, with failures and reports', async () => {
    const { store } = fixture
    const [id = '', other = ''] = await letters(2)
    expect(await store.purgeDeadLetters([id, Bun.randomUUIDv7()])).toEqual([id])
    expect(await store.purgeDeadLetters([id])).toEqual([])
    expect(await store.replayDeadLetters([id], validityMs, dayMs)).toEqual([])
    expect(await store.getDeadLetter(id)).toBeNull()
    expect(await store.queries.get(id, null)).toMatchObject({
      status: 'failed',
      failures: [{ code: 'outage' }],
    })
    expect(await store.queries.reports(id, null)).toMatchObject([{ status: 'failed' }])
    expect(idsOf(await store.listDeadLetters({}, true, null, 10))).toEqual([other])
  })

  test('leaves a letter that was replayed, and one that died again waits again', async () => {
    const { store } = fixture
    const [id = ''] = await letters(1)
    await store.replayDeadLetters([id], validityMs, dayMs)
    expect(await store.purgeDeadLetters([id])).toEqual([])
    const again = { ...death(id, 'b', 'refused'), claimToken: '2' }
    const requests = [{ id, provider: 'b' }]
    expect(await store.claimMessages(requests, 60_000, again.claimToken)).toHaveLength(1)
    await store.settleUnsent([again])
    expect(await store.getDeadLetter(id)).toMatchObject({ errorCode: 'refused', replayedAt: null })
    expect(await store.purgeDeadLetters([id])).toEqual([id])
    expect(await statusOf(store, id)).toBe('failed')
  })
})

describe('a letter whose day is dropped soon', () => {
  test('is not replayed: its message would vanish before it is final', async () => {
    const { store } = fixture
    const [id = ''] = await letters(1)
    expect(await store.replayDeadLetters([id], validityMs, 0)).toEqual([])
    expect(await statusOf(store, id)).toBe('failed')
    expect(await store.replayDeadLetters([id], validityMs, dayMs)).toEqual([id])
  })
})

describe('at once', () => {
  const shuffled = (ids: readonly string[]) => ids.toSorted(() => Math.random() - 0.5)

  test('eight replays of the same letters send each once', async () => {
    const { store } = fixture
    const ids = await letters(1_000)
    const replays = await Promise.all(
      Array.from({ length: 8 }, () => store.replayDeadLetters(shuffled(ids), validityMs, dayMs)),
    )
    expect(replays.flat().toSorted()).toEqual(ids)
    const claimed = await store.claimMessages(
      ids.map((id) => ({ id, provider: 'a' })),
      60_000,
    )
    expect(claimed.map(({ attempt }) => attempt)).toEqual(ids.map(() => 1))
  })

  test('of a replay and a purge each letter has exactly one, and no message is lost', async () => {
    const { store, database } = fixture
    const ids = await letters(1_000)
    const steps = Array.from({ length: 10 }, (_, step) => ids.slice(step * 100, step * 100 + 100))
    const changes = await Promise.all(
      steps.flatMap((step) => [
        store
          .replayDeadLetters(shuffled(step), validityMs, dayMs)
          .then((done) => ({ replayed: done })),
        store.purgeDeadLetters(shuffled(step)).then((done) => ({ purged: done })),
      ]),
    )
    const replayed = changes.flatMap((change) => ('replayed' in change ? change.replayed : []))
    const purged = changes.flatMap((change) => ('purged' in change ? change.purged : []))
    expect([...replayed, ...purged].toSorted()).toEqual(ids)
    const messages = await database.write<{ id: string; status: string }[]>`
      SELECT id, status FROM messages`
    const withStatus = (status: string) =>
      messages.flatMap((message) => (message.status === status ? [message.id] : [])).toSorted()
    expect(withStatus('queued')).toEqual(replayed.toSorted())
    expect(withStatus('failed')).toEqual(purged.toSorted())
    const left = await store.listDeadLetters({}, true, null, 2_000)
    expect(idsOf(left).toSorted()).toEqual(replayed.toSorted())
  })
})
