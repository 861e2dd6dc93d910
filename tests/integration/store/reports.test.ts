/** Delivery reports: early, late, repeated, out of order, unknown. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
import type { ProviderReport } from '../../../src/domain/provider-report.ts'
import {
  claimedMessages,
  claimToken,
  createStoreFixture,
  type StoreFixture,
  statusOf,
} from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const report = (
  id: string,
  status: ProviderReport['status'],
  occurredAtMs = Date.now(),
): ProviderReport => ({
  provider: 'a',
  providerMessageId: `r-${id}`,
  status,
  errorCode: null,
  occurredAtMs,
})

const apply = (...reports: ProviderReport[]) =>
  fixture.store.applyReports(reports, dayMs, Date.now())

async function sentMessages(count: number): Promise<string[]> {
  const messages = await claimedMessages(fixture.store, count)
  await fixture.store.settleSent(
    messages.map(({ id }) => ({
      id,
      claimToken,
      provider: 'a',
      providerMessageId: `r-${id}`,
      failures: [],
    })),
    dayMs,
  )
  return messages.map(({ id }) => id)
}

describe('delivery reports', () => {
  test('move each message once, and a repeated report is kept once', async () => {
    const [id = ''] = await sentMessages(1)
    const delivered = report(id, 'delivered')
    const applied = await apply(delivered, delivered)
    expect(applied).toMatchObject({
      matched: 2,
      parked: 0,
      moved: [{ id, status: 'delivered', lane: 'normal' }],
    })
    expect((await apply(delivered)).moved).toEqual([])
    const kept = await fixture.store.queries.reports(id, null)
    expect(kept?.map(({ status }) => status)).toEqual(['sent', 'delivered'])
  })

  test('one without a time that is repeated is kept once, parked or not', async () => {
    const [id = ''] = await sentMessages(1)
    const timeless = { ...report(id, 'delivered'), occurredAtMs: null }
    for (let times = 0; times < 3; times++) expect((await apply(timeless)).matched).toBe(1)
    const kept = await fixture.store.queries.reports(id, null)
    expect(kept?.map(({ status }) => status)).toEqual(['sent', 'delivered'])
    const early = { ...timeless, providerMessageId: `early-${id}` }
    for (let times = 0; times < 3; times++) await apply(early)
    const [parked] = await fixture.database.write<{ count: number }[]>`
      SELECT count(*)::int FROM parked_reports WHERE provider_message_id = ${early.providerMessageId}`
    expect(parked?.count).toBe(1)
  })

  test('a final state stays, whatever comes after it', async () => {
    const [id = ''] = await sentMessages(1)
    await apply(report(id, 'undelivered'))
    await apply(report(id, 'delivered'))
    await apply(report(id, 'accepted'))
    expect(await statusOf(fixture.store, id)).toBe('undelivered')
    expect((await fixture.store.queries.reports(id, null))?.length).toBe(4)
  })

  test('an intermediate report moves nothing, also when it comes after the final one in a batch', async () => {
    const [first = '', second = ''] = await sentMessages(2)
    await apply(report(first, 'accepted'), report(second, 'delivered'), report(second, 'accepted'))
    expect(await statusOf(fixture.store, first)).toBe('sent')
    expect(await statusOf(fixture.store, second)).toBe('delivered')
  })

  test('a late report knows better than the time-out', async () => {
    const [id = ''] = await sentMessages(1)
    await apply(report(id, 'unknown'))
    expect(await statusOf(fixture.store, id)).toBe('unknown')
    await apply(report(id, 'delivered'))
    expect(await statusOf(fixture.store, id)).toBe('delivered')
    await apply(report(id, 'unknown'))
    expect(await statusOf(fixture.store, id)).toBe('delivered')
  })

  test('one that overtook the record of its submit is parked, and applied then', async () => {
    const { store } = fixture
    const [message] = await claimedMessages(store, 1)
    const id = message?.id ?? ''
    expect(await apply(report(id, 'delivered'))).toMatchObject({ matched: 0, parked: 1 })
    expect(await apply(report(id, 'delivered'))).toMatchObject({ matched: 0 })
    await store.settleSent(
      [{ id, claimToken, provider: 'a', providerMessageId: `r-${id}`, failures: [] }],
      dayMs,
    )
    // The caller's clock is a year ahead: which messages are looked at is PostgreSQL's to say.
    const checked = await store.checkParkedReports(dayMs, dayMs, Date.now() + 365 * dayMs)
    expect(checked.moved.map((moved) => moved.id)).toContain(id)
    expect(fixture.reported.map((moved) => moved.id)).toContain(id)
    expect(await statusOf(store, id)).toBe('delivered')
  })

  test('the same reference of another provider is another message', async () => {
    const [id = ''] = await sentMessages(1)
    expect(await apply({ ...report(id, 'delivered'), provider: 'b' })).toMatchObject({
      matched: 0,
      parked: 1,
    })
    expect(await statusOf(fixture.store, id)).toBe('sent')
  })

  test('parked reports are looked at less and less often, and given up when they are too old', async () => {
    const { store, database } = fixture
    await apply(report('nobody', 'delivered'))
    await store.checkParkedReports(dayMs, dayMs, Date.now())
    const [row] = await database.write<{ checks: number; later: boolean }[]>`
      SELECT checks, check_at > now() AS later FROM parked_reports WHERE provider_message_id = 'r-nobody'`
    expect(row).toEqual({ checks: 1, later: true })
    await database.write`UPDATE parked_reports SET check_at = now(), received_at = now() - interval '2 days'`
    await store.checkParkedReports(dayMs, dayMs, Date.now())
    expect(fixture.givenUp).toContainEqual({
      provider: 'a',
      provider_message_id: 'r-nobody',
      status: 'delivered',
    })
    expect(
      await database.write`SELECT FROM parked_reports WHERE provider_message_id = 'r-nobody'`,
    ).toHaveLength(0)
  })

  test('where none may be parked, those that match are applied and the others are told', async () => {
    const { store } = fixture
    const [id = ''] = await sentMessages(1)
    const before = await store.measureParkedReports()
    const strange = report('stranger', 'delivered')
    const reports = [strange, report(id, 'delivered'), strange]
    const taken = await store.applyReports(reports, dayMs, Date.now(), false)
    expect(taken).toMatchObject({ matched: 1, parked: 0, moved: [{ id }] })
    expect(taken.refused).toEqual(new Set([0, 2]))
    expect((await store.measureParkedReports()).count).toBe(before.count)
  })

  test('parked ones are listed in the order in which they came, and measured', async () => {
    const { store, database } = fixture
    await database.write`DELETE FROM parked_reports`
    expect(await store.measureParkedReports()).toEqual({ count: 0, oldestAgeMs: 0 })
    await apply(report('early', 'accepted'))
    await apply(report('late', 'undelivered'))
    const parked = await store.listParkedReports(10)
    expect(parked).toMatchObject([
      { provider: 'a', providerMessageId: 'r-early', status: 'accepted', checks: 0 },
      { provider: 'a', providerMessageId: 'r-late', status: 'undelivered', checks: 0 },
    ])
    await database.write`
      UPDATE parked_reports SET received_at = now() - interval '2 hours' WHERE provider_message_id = 'r-early'`
    const { count, oldestAgeMs } = await store.measureParkedReports()
    expect([count, Math.floor(oldestAgeMs / 3_600_000)]).toEqual([2, 2])
    expect(await store.listParkedReports(1)).toHaveLength(1)
  })

  test('a thousand at once, two batches over the same messages at the same time', async () => {
    const ids = await sentMessages(1_000)
    const [first, second] = await Promise.all([
      apply(...ids.map((id) => report(id, 'delivered'))),
      apply(...ids.toReversed().map((id) => report(id, 'undelivered'))),
    ])
    expect(first.moved.length + second.moved.length).toBe(1_000)
  })
})
