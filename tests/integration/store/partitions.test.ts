/** Partitions are made and dropped beside the traffic. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { dayMs } from '../../../src/domain/duration.ts'
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
  fixture = await createStoreFixture(1_000)
})
afterAll(() => fixture.close())

const tables = ['delivery_reports', 'messages', 'provider_references'] as const
const nameOf = (day: Date): string => day.toISOString().slice(0, 10).replaceAll('-', '')
const existing = async (): Promise<string[]> => {
  const rows = await fixture.database.write<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1`
  return rows.map(({ name }) => name)
}

/** Also of tables that are no partition any more. */
const existingNames = async (): Promise<string[]> => {
  const rows = await fixture.database.write<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname ~ '_[0-9]{8}$'`
  return rows.map(({ name }) => name)
}

describe('partitions', () => {
  test('are made while transactions that use the tables are open', async () => {
    const { database, store } = fixture
    await database.write.begin(async (transaction) => {
      for (const table of tables) {
        await transaction`LOCK TABLE ${transaction(table)} IN ROW EXCLUSIVE MODE`
      }
      await store.createPartitions(6)
    })
    const day = nameOf(new Date(Date.now() + 6 * dayMs))
    expect(await existing()).toEqual(
      expect.arrayContaining(tables.map((table) => `${table}_${day}`)),
    )
  })

  test('have the indexes and the fill factor they should', async () => {
    const { database } = fixture
    const name = `messages_${nameOf(new Date())}`
    const [table] = await database.write<{ options: string[] }[]>`
      SELECT reloptions AS options FROM pg_class WHERE relname = ${name}`
    expect(String(table?.options)).toContain('fillfactor=50')
    const indexes = await database.write<{ definition: string }[]>`
      SELECT indexdef AS definition FROM pg_indexes WHERE tablename = ${name}`
    const definitions = indexes.map(({ definition }) => definition).join('\n')
    expect(indexes).toHaveLength(4)
    expect(definitions).toContain("autosummarize='on'")
    expect(definitions).toContain('(lane, due_at) WHERE (due_at IS NOT NULL)')
    expect(definitions).toContain('(customer_id, id)')
    const [attached] = await database.write<{ indexes: number }[]>`
      SELECT count(*)::int AS indexes FROM pg_inherits WHERE inhrelid IN (
        SELECT indexrelid FROM pg_index WHERE indrelid = ${name}::regclass)`
    expect(attached?.indexes).toBe(4)
  })
})

describe('retention', () => {
  const old = [10, 9].map((age) => new Date(Date.now() - age * dayMs))
  const [oldest = new Date(), older = new Date()] = old
  beforeEach(async () => {
    const { database } = fixture
    for (const day of old)
      await database.write`SELECT create_day_partitions(to_date(${nameOf(day)}, 'YYYYMMDD'))`
  })
  const never = new AbortController().signal
  const dropOld = (signal = never) => fixture.store.dropPartitions(5, signal)
  const tablesOf = (day: Date) => tables.map((table) => `${table}_${nameOf(day)}`)

  test('drops whole days, with their dead letters, and no day that is to be kept', async () => {
    const { database, store } = fixture
    const past = newMessage('normal', older.getTime())
    const present = newMessage()
    await store.insertMessages([past, present], validityMs)
    await database.write`
      INSERT INTO dead_letters (message_id, lane, attempts, error_code, detail)
      SELECT id, lane, 1, 'x', 'x' FROM messages WHERE id IN (${past.id}, ${present.id})`
    const kept = (await existing()).filter((name) => !old.some((day) => name.endsWith(nameOf(day))))
    const { dropped, failures } = await dropOld()
    expect(failures).toEqual([])
    expect(dropped.toSorted()).toEqual([...tablesOf(oldest), ...tablesOf(older)].toSorted())
    expect(await existing()).toEqual(kept)
    const letters = await store.listDeadLetters({}, true, null, 10)
    expect(letters.map(({ messageId }) => messageId)).toEqual([present.id])
  })

  test('ends between two statements when the process stops; the next round goes on', async () => {
    const before = await existing()
    expect(await dropOld(AbortSignal.abort())).toEqual({ dropped: [], failures: [] })
    expect(await existing()).toEqual(before)
    expect((await dropOld()).dropped).toHaveLength(2 * tables.length)
  })

  test('drops them while every statement of a life runs, all the time', async () => {
    const { store } = fixture
    let isOver = false
    async function live(): Promise<void> {
      while (!isOver) {
        const claimed = await claimedMessages(store, 20)
        const nowMs = Date.now()
        const ids = claimed.map(({ id }) => id)
        await store.settleSent(
          ids.map((id) => ({
            id,
            claimToken,
            provider: 'a',
            providerMessageId: id,
            failures: [],
          })),
          dayMs,
        )
        await store.applyReports(
          ids.map((providerMessageId) => ({
            provider: 'a',
            providerMessageId,
            status: 'delivered' as const,
            errorCode: null,
            occurredAtMs: nowMs,
          })),
          dayMs,
          nowMs,
        )
      }
    }
    const lives = [live(), live(), live()]
    const { dropped, failures } = await dropOld()
    isOver = true
    await Promise.all(lives)
    expect(failures).toEqual([])
    expect(dropped.toSorted()).toEqual([...tablesOf(oldest), ...tablesOf(older)].toSorted())
  })

  test('leaves a table that somebody reads, drops the others, and finishes later what it began', async () => {
    const { database } = fixture
    const busy = `provider_references_${nameOf(oldest)}`
    await database.write.begin(async (transaction) => {
      await transaction`SELECT FROM ${transaction(busy)}`
      const { dropped, failures } = await dropOld()
      // A parent has one partition at a time that is on its way out.
      const waits = `provider_references_${nameOf(older)}`
      const others = [...tablesOf(oldest), ...tablesOf(older)]
      expect(dropped.toSorted()).toEqual(
        others.filter((name) => name !== busy && name !== waits).toSorted(),
      )
      expect(failures).toMatchObject([{ code: '57014' }, { code: '55000' }])
    })
    expect(await existingNames()).toContain(busy)
    expect((await dropOld()).dropped).toContain(busy)
    expect(await existingNames()).not.toContain(busy)
  })
})
