/** Which waiting messages are found for people who have opted out since, and by which index. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Sql } from 'postgres'
import { type Lane, lanes, type NewMessage } from '../../../src/domain/message.ts'
import { findWaitingOptedOut } from '../../../src/store/opt-outs.ts'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

let fixture: StoreFixture
const fixtures: StoreFixture[] = []
beforeEach(async () => {
  fixture = await createStoreFixture()
  fixtures.push(fixture)
})
afterAll(async () => {
  for (const made of fixtures) await made.close()
})

const aheadMs = 10_000
const phone = newMessage().recipient

const due = (lane: Lane, inMs: number): NewMessage => ({
  ...newMessage(lane),
  timing: { scheduleAtMs: Date.now() + inMs, expiresAtMs: null, validForMs: null },
})

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** How the pool that asks it carries the statement out. */
async function planOfSearch(): Promise<PlanNode[]> {
  const plans: PlanNode[] = []
  const explaining = {
    async unsafe(query: string, parameters: never[]) {
      const rows = await fixture.database.readPrimary.unsafe(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${query}`,
        parameters,
      )
      plans.push(rows[0]?.['QUERY PLAN'][0].Plan)
      return []
    },
  } as unknown as Sql
  await findWaitingOptedOut(explaining, aheadMs, 500)
  return plans.flatMap(nodesOf)
}

describe('the search', () => {
  test('reads of each lane what is due, by the index, and no more', async () => {
    const { database, store } = fixture
    await store.addOptOuts(1, [{ phone, senderId: null }], 'api')
    for (const lane of lanes) {
      const later = Array.from({ length: 3_000 }, () => due(lane, 600_000))
      await store.insertMessages([...later, due(lane, 5_000), due(lane, 6_000)], validityMs)
    }
    await database.write.unsafe('ANALYZE messages')
    const reads = (await planOfSearch()).filter(
      (node) => node['Relation Name']?.startsWith('messages_') && node['Actual Rows'] > 0,
    )
    expect(reads).toHaveLength(lanes.length)
    for (const lane of lanes) {
      const read = reads.find((node) => node['Index Cond']?.includes(`'${lane}'`))
      expect(read?.['Node Type']).toBe('Index Scan')
      expect(read?.['Index Cond']).toMatch(/\(lane = .* AND \(due_at <= /)
      expect(read?.['Actual Rows']).toBe(2)
      expect(read?.['Rows Removed by Filter'] ?? 0).toBe(0)
    }
  })

  test('finds those of both lanes, the first that is due first, at most as many as asked for', async () => {
    const { store } = fixture
    await store.addOptOuts(1, [{ phone, senderId: null }], 'api')
    const [second, first, third] = [
      due('normal', 6_000),
      due('express', 4_000),
      due('express', 8_000),
    ]
    const others = [
      { ...due('normal', 4_000), recipient: '+491701234567' },
      { ...due('normal', 4_000), customerId: 2 },
      due('normal', 600_000),
    ]
    await store.insertMessages([second, first, third, ...others], validityMs)
    const ids = [first, second, third].map(({ id }) => id)
    expect(await store.findWaitingOptedOut(aheadMs, 500)).toEqual(ids)
    expect(await store.findWaitingOptedOut(aheadMs, 2)).toEqual(ids.slice(0, 2))
  })

  test('finds what waits for its next attempt: canceled before it is claimed, nobody gets it', async () => {
    const { database, store } = fixture
    const message = newMessage()
    await store.insertMessages([message], validityMs)
    await database.write`
      UPDATE messages SET due_at = now() + interval '5 s' WHERE id = ${message.id}`
    await store.addOptOuts(1, [{ phone, senderId: null }], 'inbound')
    expect(await store.findWaitingOptedOut(aheadMs, 500)).toEqual([message.id])
    expect(await store.cancelMessage(message.id, null)).toBe('canceled')
    expect(await store.claimMessages([{ id: message.id, provider: 'a' }], 60_000)).toEqual([])
  })

  test('does not find what was queued at once, nor what a provider may have', async () => {
    const { database, store } = fixture
    await store.addOptOuts(1, [{ phone, senderId: null }], 'inbound')
    const [queued, doubtful] = [newMessage(), newMessage()]
    await store.insertMessages([queued, doubtful], validityMs)
    await database.write`
      UPDATE messages SET due_at = now(), in_doubt_provider = 'a' WHERE id = ${doubtful.id}`
    expect(await store.findWaitingOptedOut(aheadMs, 500)).toEqual([])
    expect(await store.claimMessages([{ id: queued.id, provider: 'a' }], 60_000)).toHaveLength(1)
  })
})
