/** Messages and their idempotency keys in one commit, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { KeyedRequest } from '../../../src/store/idempotency-keys.ts'
import { eventually } from '../../support/eventually.ts'
import {
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

function request(key: string, changes: Partial<KeyedRequest> = {}): KeyedRequest {
  return {
    scope: 1,
    key,
    fingerprint: '07'.repeat(32),
    status: 202,
    response: `{"a \\"quoted\\" answer":"é\\\\${key}"}`,
    messages: [newMessage()],
    ...changes,
  }
}

const insert = async (...requests: KeyedRequest[]) => {
  const outcomes = await fixture.store.insertRequests(requests, validityMs)
  return outcomes.map((outcome) => outcome === 'taken')
}
const find = (...keys: string[]) => fixture.store.findKeyed(keys.map((key) => ({ scope: 1, key })))
const idsOf = ({ messages }: KeyedRequest) => messages.map(({ id }) => id)
const statesOf = (keyed: KeyedRequest) =>
  Promise.all(idsOf(keyed).map((id) => statusOf(fixture.store, id)))

test('a new key is stored with its messages; a known one answers, and stores nothing', async () => {
  const first = request('known')
  const batch = request('batch', { messages: [newMessage(), newMessage('express')] })
  expect(await insert(first, batch)).toEqual([true, true])
  const again = request('known', { fingerprint: '00'.repeat(32), response: 'other' })
  const fresh = request('fresh')
  const { fingerprint, status, response } = first
  expect(await insert(again, fresh)).toEqual([false, true])
  expect(await find('known', 'no such')).toEqual([{ fingerprint, status, response }, null])
  expect(await statesOf(first)).toEqual(['queued'])
  expect(await statesOf(batch)).toEqual(['queued', 'queued'])
  expect(await statesOf(fresh)).toEqual(['queued'])
  expect(await statesOf(again)).toEqual([undefined])
})

test('the same key of another customer is another key', async () => {
  expect(await insert(request('shared'), request('shared', { scope: 2 }))).toEqual([true, true])
})

test('an answer is forgotten after a day; its key is new then, and removed in the end', async () => {
  const old = request('old')
  await insert(old, request('young'))
  const age = () =>
    fixture.database.write`
      UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'`
  await age()
  expect(await find('old')).toEqual([null])
  const next = request('old')
  expect(await insert(next)).toEqual([true])
  expect(await statesOf(next)).toEqual(['queued'])
  expect(await insert(request('old'))).toEqual([false])
  expect((await find('old'))[0]?.response).toBe(next.response)
  await age()
  expect(await fixture.store.removeOldKeys()).toBe(1)
  expect(await fixture.store.removeOldKeys()).toBe(0)
  expect(await insert(request('young'))).toEqual([false])
})

test('of many at once, with the same keys in any order, each key is stored once', async () => {
  const keys = Array.from({ length: 50 }, (_, n) => `many-${n}`)
  const rounds = Array.from({ length: 8 }, (_, round) => {
    const requests = keys.map((key) => request(key))
    return round % 2 === 0 ? requests : requests.reverse()
  })
  const answers = await Promise.all(rounds.map((requests) => insert(...requests)))
  const stored = answers.flat().filter((isTaken) => isTaken)
  expect(stored.length).toBe(keys.length)
  const states = await Promise.all(rounds.flat().map(statesOf))
  expect(states.flat().filter((state) => state === 'queued').length).toBe(keys.length)
})

test('a value that cannot be stored stores neither key nor message', async () => {
  const faulty = request('faulty', { messages: [{ ...newMessage(), text: 'a\0b' }] })
  await expect(insert(faulty)).rejects.toThrow()
  expect(await insert(request('faulty'))).toEqual([true])
})

test('a day without a partition gets one', async () => {
  const timeMs = Date.now()
  const day = new Date(timeMs).toISOString().slice(0, 10).replaceAll('-', '')
  await fixture.database.write.unsafe(`
    ALTER TABLE messages DETACH PARTITION messages_${day};
    ALTER TABLE messages_${day} RENAME TO detached_${day}`)
  const keyed = request('new day')
  expect(await insert(keyed)).toEqual([true])
  expect(await statesOf(keyed)).toEqual(['queued'])
})

test('the sweep does not pass a message whose key waits for another commit', async () => {
  const held = request('held')
  const { database, store } = fixture
  const options = {
    oldestQueuedAgeMs: null,
    validityMs,
    graceMs: 0,
    leaseMs: 60_000,
    reportTimeoutMs: 60_000,
  }
  let pending: Promise<unknown> | undefined
  await database.write.begin(async (sql) => {
    await sql`
      INSERT INTO idempotency_keys (scope, key, fingerprint, status, response)
      VALUES (1, 'held', '', 202, '')`
    pending = insert(held)
    await eventually(
      async () => {
        const [row] = await database.readPrimary<{ waiting: number }[]>`
          SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`
        return row?.waiting === 1
      },
      { what: 'it waits for the other' },
    )
    expect(await store.sweepLane('normal', options)).toEqual({ more: false, found: {} })
    const [mark] = await database.readPrimary<{ passed: boolean }[]>`
      SELECT watermark >= ${idsOf(held)[0] ?? ''} AS passed
      FROM sweep_watermarks WHERE lane = 'normal'`
    expect(mark?.passed).toBe(false)
  })
  await pending
  expect(await statesOf(held)).toEqual([undefined])
})
