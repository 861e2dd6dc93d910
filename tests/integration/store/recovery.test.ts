/** Sweep and promotion: nothing that is not final is forgotten. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
import type { Lane } from '../../../src/domain/message.ts'
import { insertMessages } from '../../../src/store/message-inserts.ts'
import type { PromotionOptions } from '../../../src/store/recovery.ts'
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
const fixtures: StoreFixture[] = []
beforeEach(async () => {
  fixture = await createStoreFixture()
  fixtures.push(fixture)
})
afterAll(async () => {
  for (const made of fixtures) await made.close()
})

const leaseMs = 60_000
const sweep = (lane: Lane = 'normal') =>
  fixture.store.sweepLane(lane, {
    oldestQueuedAgeMs: null,
    validityMs,
    graceMs: -1_000,
    leaseMs,
    reportTimeoutMs: dayMs,
  })

const promote = async (changes: Partial<PromotionOptions> = {}, lane: Lane = 'normal') => {
  const { promotions } = await fixture.store.promoteDue(lane, {
    recheckMs: 60_000,
    reportTimeoutMs: dayMs,
    unknownProviders: [],
    attemptsMax: 3,
    oldestQueuedAgeMs: null,
    ...changes,
  })
  return promotions.map(({ id, action }) => ({ id, action }))
}

const passTime = (ms: number) => fixture.database.write`
  UPDATE messages SET due_at = due_at - ${ms} * interval '1 ms', claimed_at = claimed_at - ${ms} * interval '1 ms',
    sent_at = sent_at - ${ms} * interval '1 ms'`

describe('recovery', () => {
  test('a message that never reached the queue is found and enqueued, once', async () => {
    const message = newMessage()
    await fixture.store.insertMessages([message], validityMs)
    expect(await promote()).toEqual([])
    expect((await sweep()).found).toEqual({ queued: 1 })
    expect((await sweep()).found).toEqual({})
    expect(await promote()).toEqual([{ id: message.id, action: 'enqueue' }])
    expect(await promote()).toEqual([])
  })

  test('with the queue lost, what waited in it is due at once, and a retry when it was', async () => {
    const { store } = fixture
    const waiting = newMessage()
    await store.insertMessages([waiting], validityMs)
    await sweep()
    await promote()
    const [retried, claimed] = await claimedMessages(store, 2)
    const base = { claimToken, lane: 'normal', provider: 'a', inDoubtProvider: null } as const
    const retry = { ...base, id: retried?.id ?? '', retryInMs: 60_000, failures: [] }
    await store.settleUnsent([{ ...retry, result: 'queued' }])
    await sweep()
    expect(await promote()).toEqual([])
    await store.expediteLost(false)
    expect(await promote()).toEqual([{ id: waiting.id, action: 'enqueue' }])
    await store.expediteLost(true)
    const ids = (await promote()).map(({ id }) => id)
    expect(ids.toSorted()).toEqual([waiting.id, claimed?.id ?? ''].toSorted())
  })

  test('lanes are swept apart', async () => {
    await fixture.store.insertMessages([newMessage('express'), newMessage('normal')], validityMs)
    expect((await sweep('normal')).found).toEqual({ queued: 1 })
    expect((await sweep('express')).found).toEqual({ queued: 1 })
  })

  test('what was put back and is still in the queue is left to wait, and what the queue lost is put back again', async () => {
    const message = newMessage()
    await fixture.store.insertMessages([message], validityMs)
    await sweep()
    await promote()
    await passTime(61_000)
    const older = 3_600_000
    expect(await promote({ oldestQueuedAgeMs: older })).toEqual([
      { id: message.id, action: 'waiting' },
    ])
    await passTime(61_000)
    expect(await promote()).toEqual([{ id: message.id, action: 'enqueue' }])
  })

  test('what waits in the queue is looked at less often the longer it waits, to a limit', async () => {
    const message = newMessage()
    await fixture.store.insertMessages([message], validityMs)
    await sweep()
    await promote()
    const older = 4 * 3_600_000
    const nextLookMs = async (waitedMs: number) => {
      await fixture.database.write`
        UPDATE messages SET due_at = now(), enqueued_at = now() - ${waitedMs} * interval '1 ms'`
      expect(await promote({ oldestQueuedAgeMs: older })).toEqual([
        { id: message.id, action: 'waiting' },
      ])
      const [row] = await fixture.database.write<{ minutes: number }[]>`
        SELECT round(extract(epoch FROM due_at - now()) / 60)::int AS minutes FROM messages`
      return row?.minutes
    }
    expect(await nextLookMs(1_000)).toBe(1)
    expect(await nextLookMs(5 * 60_000)).toBe(5)
    expect(await nextLookMs(3_600_000)).toBe(10)
  })

  test('while an INSERT is overdue the sweep waits: its rows may yet appear', async () => {
    const { database, store } = fixture
    const late = newMessage()
    const connection = await database.write.reserve()
    await connection`BEGIN`
    await insertMessages(connection, [late], validityMs)
    expect(await sweep()).toEqual({ more: false, found: {} })
    await connection`COMMIT`
    connection.release()
    expect((await sweep()).found).toEqual({ queued: 1 })
    expect(await statusOf(store, late.id)).toBe('queued')
  })

  test('a row that is inserted late is looked at although the sweep has passed it', async () => {
    expect((await sweep()).found).toEqual({})
    const late = newMessage('normal', Date.now() - 10_000)
    await fixture.store.insertMessages([late], validityMs)
    expect((await sweep()).found).toEqual({})
    await passTime(31_000)
    expect(await promote()).toEqual([{ id: late.id, action: 'enqueue' }])
  })

  test('a row whose id is of a later time is looked at before that time comes', async () => {
    const early = newMessage('normal', Date.now() + 3_600_000)
    await fixture.store.insertMessages([early], validityMs)
    expect((await sweep()).found).toEqual({})
    expect(await promote()).toEqual([])
    await passTime(31_000)
    expect(await promote()).toEqual([{ id: early.id, action: 'enqueue' }])
  })

  test('a row that comes below the watermark is looked at: the clock of PostgreSQL was put back', async () => {
    await fixture.database.write`
      UPDATE sweep_watermarks SET watermark = uuid_v7_floor(now() + interval '1 hour')`
    const message = newMessage()
    await fixture.store.insertMessages([message], validityMs)
    await passTime(31_000)
    expect(await promote()).toEqual([{ id: message.id, action: 'enqueue' }])
  })

  test('nothing younger than the grace is swept, by the clock of PostgreSQL', async () => {
    await fixture.store.insertMessages([newMessage()], validityMs)
    const oldestQueuedAgeMs = null
    const options = { oldestQueuedAgeMs, validityMs, leaseMs, reportTimeoutMs: dayMs }
    const early = await fixture.store.sweepLane('normal', { ...options, graceMs: 60_000 })
    expect(early.found).toEqual({})
    const due = await fixture.store.sweepLane('normal', { ...options, graceMs: -1_000 })
    expect(due.found).toEqual({ queued: 1 })
  })

  test('what is younger than the oldest entry of the queue waits its turn, until its validity is over', async () => {
    const { store, database } = fixture
    const message = newMessage('normal', Date.now() - 120_000)
    await store.insertMessages([message], 60_000)
    await database.write`UPDATE messages SET due_at = NULL`
    const options = { graceMs: 20_000, leaseMs, reportTimeoutMs: dayMs }
    const sweepAt = (oldestQueuedAgeMs: number, validMs: number) =>
      store.sweepLane('normal', { ...options, oldestQueuedAgeMs, validityMs: validMs })
    expect((await sweepAt(110_000, dayMs)).found).toEqual({})
    expect((await sweepAt(10 * 365 * dayMs, dayMs)).found).toEqual({})
    expect((await sweepAt(10 * 365 * dayMs, 110_000)).found).toEqual({ queued: 1 })
    await database.write`UPDATE messages SET expires_at = now()`
    expect(await promote()).toEqual([{ id: message.id, action: 'expired' }])
  })

  test('a claim given up while its processor lived: what that one records is not sent again', async () => {
    const [claimed] = await claimedMessages(fixture.store, 1)
    const id = claimed?.id ?? ''
    await sweep()
    await passTime(leaseMs + 1)
    expect(await promote()).toEqual([{ id, action: 'enqueue' }])
    const settlement = { id, claimToken, provider: 'a', providerMessageId: 'r', failures: [] }
    await fixture.store.settleSent([settlement], dayMs)
    expect(await statusOf(fixture.store, id)).toBe('sent')
    expect(await fixture.store.claimMessages([{ id, provider: 'b' }], leaseMs)).toEqual([])
  })

  test('a move to another provider renews the lease', async () => {
    const message = newMessage()
    const { id } = message
    await fixture.store.insertMessages([message], validityMs)
    await sweep()
    await promote()
    await fixture.store.claimMessages([{ id, provider: 'a' }], leaseMs, claimToken)
    await passTime(leaseMs - 10_000)
    await fixture.store.reassignMessages([{ id, claimToken, from: 'a', provider: 'b' }], leaseMs)
    await passTime(leaseMs - 10_000)
    expect(await promote()).toEqual([])
    await passTime(10_001)
    expect(await promote()).toEqual([{ id, action: 'enqueue' }])
  })

  test('a claim within its lease is left alone; past it the message goes again, to the same provider first', async () => {
    const [claimed] = await claimedMessages(fixture.store, 1)
    const id = claimed?.id ?? ''
    await sweep()
    expect(await promote()).toEqual([])
    await passTime(leaseMs + 1)
    expect(await promote()).toEqual([{ id, action: 'enqueue' }])
    const [again] = await fixture.store.claimMessages([{ id, provider: 'b' }], leaseMs)
    expect(again).toMatchObject({ id, attempt: 2, provider: 'a', inDoubtProvider: 'a' })
    await passTime(leaseMs + 1)
    expect(await promote()).toEqual([{ id, action: 'enqueue' }])
    const [third] = await fixture.store.claimMessages([{ id, provider: 'b' }], leaseMs)
    expect(third).toMatchObject({ provider: 'a', inDoubtProvider: 'a' })
  })

  test('with the policy unknown a lost claim is never sent again', async () => {
    const [claimed] = await claimedMessages(fixture.store, 1)
    const id = claimed?.id ?? ''
    await sweep()
    await passTime(leaseMs + 1)
    expect(await promote({ unknownProviders: ['a'] })).toEqual([{ id, action: 'unknown' }])
    expect(await fixture.store.queries.reports(id, null)).toMatchObject([
      { status: 'unknown', errorCode: 'in_doubt' },
    ])
  })

  test('a claim lost in the last attempt is unknown: it may have been sent', async () => {
    const [claimed] = await claimedMessages(fixture.store, 1)
    const id = claimed?.id ?? ''
    await sweep()
    await passTime(leaseMs + 1)
    expect(await promote({ attemptsMax: 1 })).toEqual([{ id, action: 'unknown' }])
    expect(await statusOf(fixture.store, id)).toBe('unknown')
  })

  test('sent without a report becomes unknown when the report is overdue', async () => {
    const [claimed] = await claimedMessages(fixture.store, 1)
    const id = claimed?.id ?? ''
    await fixture.store.settleSent(
      [{ id, claimToken, provider: 'a', providerMessageId: 'r', failures: [] }],
      dayMs,
    )
    expect((await sweep()).found).toEqual({ sent: 1 })
    expect(await promote()).toEqual([])
    await passTime(dayMs + 1)
    expect(await promote()).toEqual([{ id, action: 'unknown' }])
    expect(await fixture.store.queries.reports(id, null)).toMatchObject([
      { status: 'sent' },
      { status: 'unknown', errorCode: 'report_overdue' },
    ])
  })

  test('a message whose validity is over expires', async () => {
    const message = newMessage()
    await fixture.store.insertMessages([message], -1)
    await sweep()
    expect(await promote()).toEqual([{ id: message.id, action: 'expired' }])
    expect(await statusOf(fixture.store, message.id)).toBe('expired')
  })

  test('many recover at once, and nobody decides about the same message twice', async () => {
    const messages = Array.from({ length: 900 }, () => newMessage())
    await fixture.store.insertMessages(messages, validityMs)
    await Promise.all([sweep(), sweep(), sweep()])
    const promotions = (await Promise.all([promote(), promote(), promote()])).flat()
    expect(promotions.length).toBe(900)
    expect(new Set(promotions.map(({ id }) => id)).size).toBe(900)
  })

  test('the sweep walks a long stretch in steps', async () => {
    const messages = Array.from({ length: 6_000 }, () => newMessage())
    await fixture.store.insertMessages(messages, validityMs)
    const first = await sweep()
    const second = await sweep()
    expect([first.more, second.more]).toEqual([true, false])
    expect((first.found.queued ?? 0) + (second.found.queued ?? 0)).toBe(6_000)
  })
})
