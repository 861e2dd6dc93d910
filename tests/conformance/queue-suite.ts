/**
 * What every queue driver must do, first part: delivery, acknowledgement, reclaiming, depth. Each test gets a queue that
 * nobody else uses.
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { lanes } from '../../src/domain/message.ts'
import type { CorruptEntryListener, Queue, QueueEntry } from '../../src/queue/queue.ts'
import { eventually } from '../support/eventually.ts'
import { idsOf, never, newIds, receiptsOf } from './queue-entries.ts'
import { describeQueueShares } from './queue-shares-suite.ts'
import { describeQueueWaits } from './queue-waits-suite.ts'

const batchMax = 20_000

export type CreateQueue = (onCorrupt: CorruptEntryListener) => Promise<Queue>

/** All parts. */
export function describeQueue(name: string, createQueue: CreateQueue): void {
  describeQueueWaits(name, createQueue)
  describeQueueShares(name, createQueue)
  describe(`queue: ${name}`, () => {
    let queue: Queue
    let corrupt: Parameters<CorruptEntryListener>[]

    beforeEach(async () => {
      corrupt = []
      queue = await createQueue((...call) => corrupt.push(call))
    })
    afterEach(() => queue.close())

    test('a lane gives ids in the order they were appended', async () => {
      const ids = newIds(25)
      for (const id of ids) await queue.append('normal', [id])
      expect(idsOf(await queue.reader('normal', 'a').read(100, 0, never))).toEqual(ids)
    })

    test('lanes know nothing of each other', async () => {
      const [normal, express] = [newIds(3), newIds(2)]
      await queue.append('normal', normal)
      await queue.append('express', express)
      expect(idsOf(await queue.reader('express', 'a').read(100, 0, never))).toEqual(express)
      expect((await queue.depth('normal')).pending).toBe(0)
      expect(idsOf(await queue.reader('normal', 'a').read(100, 0, never))).toEqual(normal)
    })

    test('an entry goes to one consumer only', async () => {
      const ids = newIds(10)
      await queue.append('normal', ids)
      const [a, b] = [queue.reader('normal', 'a'), queue.reader('normal', 'b')]
      const read = [
        ...(await a.read(4, 0, never)),
        ...(await b.read(4, 0, never)),
        ...(await a.read(4, 0, never)),
      ]
      expect(idsOf(read)).toEqual(ids)
      expect(await b.read(4, 0, never)).toEqual([])
    })

    test('a read takes at most countMax, and none when that is zero', async () => {
      await queue.append('normal', newIds(5))
      const reader = queue.reader('normal', 'a')
      expect(await reader.read(0, 0, never)).toEqual([])
      expect(await reader.read(3, 0, never)).toHaveLength(3)
      expect(await reader.read(3, 0, never)).toHaveLength(2)
    })

    test('an empty lane answers at once without blockMs, and after it otherwise', async () => {
      const reader = queue.reader('normal', 'a')
      expect(await reader.read(10, 0, never)).toEqual([])
      expect(await reader.read(10, 0.2, never)).toEqual([])
      expect(await reader.read(10, 20, never)).toEqual([])
    })

    test('an empty lane has no depth', async () => {
      for (const lane of lanes) {
        expect(await queue.depth(lane)).toMatchObject({ total: 0, pending: 0, oldestAgeMs: null })
      }
    })

    test('an entry is pending from its delivery to its acknowledgement', async () => {
      await queue.append('normal', newIds(5))
      const reader = queue.reader('normal', 'a')
      const entries = await reader.read(3, 0, never)
      expect(await queue.depth('normal')).toMatchObject({ total: 5, pending: 3 })
      await queue.acknowledge('normal', receiptsOf(entries.slice(0, 2)))
      expect(await queue.depth('normal')).toMatchObject({ total: 3, pending: 1 })
      expect(await reader.read(10, 0, never)).toHaveLength(2)
      expect(await queue.depth('normal')).toMatchObject({ total: 3, pending: 3 })
    })

    test('depth tells how old the oldest unacknowledged entry is', async () => {
      const oldestAgeMs = async () => (await queue.depth('normal')).oldestAgeMs ?? -1
      await queue.append('normal', newIds(1))
      expect(await oldestAgeMs()).toBeWithin(0, 60_000)
      await eventually(async () => (await oldestAgeMs()) > 50, { what: 'it gets older' })
      const secondAtMs = performance.now()
      await queue.append('normal', newIds(1))
      const entries = await queue.reader('normal', 'a').read(10, 0, never)
      expect(await oldestAgeMs()).toBeGreaterThan(50)
      await queue.acknowledge('normal', receiptsOf(entries.slice(0, 1)))
      // Whole milliseconds, of another clock.
      expect(await oldestAgeMs()).toBeWithin(0, performance.now() - secondAtMs + 5)
      await queue.acknowledge('normal', receiptsOf(entries))
      expect(await queue.depth('normal')).toMatchObject({ total: 0, pending: 0, oldestAgeMs: null })
    })

    test('acknowledging is safe to repeat, and of nothing does nothing', async () => {
      await queue.append('normal', newIds(2))
      const entries = await queue.reader('normal', 'a').read(1, 0, never)
      await queue.acknowledge('normal', [])
      await queue.acknowledge('normal', receiptsOf(entries))
      await queue.acknowledge('normal', [...receiptsOf(entries), ...receiptsOf(entries)])
      await queue.acknowledge('express', receiptsOf(entries))
      expect(await queue.depth('normal')).toMatchObject({ total: 1, pending: 0 })
    })

    test('an id may be in the queue more than once', async () => {
      const [id = ''] = newIds(1)
      await queue.append('normal', [id, id])
      await queue.append('normal', [id])
      const entries = await queue.reader('normal', 'a').read(10, 0, never)
      expect(idsOf(entries)).toEqual([id, id, id])
      expect(new Set(receiptsOf(entries)).size).toBe(3)
    })

    test('appending nothing does nothing', async () => {
      await queue.append('normal', [])
      expect((await queue.depth('normal')).total).toBe(0)
    })

    test('only what has been held long enough is reclaimed', async () => {
      const ids = newIds(3)
      await queue.append('normal', ids)
      const entries = await queue.reader('normal', 'dead').read(10, 0, never)
      expect(await queue.reclaim('normal', 'a', 60_000, 10)).toEqual([])
      const reclaimed = await eventually(
        async () => {
          const found = await queue.reclaim('normal', 'a', 50, 10)
          return found.length > 0 && found
        },
        { what: 'the entries have been idle for 50 ms' },
      )
      expect(reclaimed).toEqual(entries)
    })

    test('reclaiming an entry makes it young again', async () => {
      await queue.append('normal', newIds(2))
      await queue.reader('normal', 'dead').read(10, 0, never)
      await eventually(async () => (await queue.reclaim('normal', 'a', 100, 1)).length === 1, {
        what: 'the first entry has been idle for 100 ms',
      })
      expect(await queue.reclaim('normal', 'b', 60_000, 10)).toEqual([])
      expect(await queue.depth('normal')).toMatchObject({ total: 2, pending: 2 })
    })

    test('neither unread nor acknowledged entries are reclaimed', async () => {
      await queue.append('normal', newIds(4))
      const entries = await queue.reader('normal', 'dead').read(3, 0, never)
      await queue.acknowledge('normal', receiptsOf(entries.slice(0, 2)))
      expect(await queue.reclaim('normal', 'a', 0, 10)).toEqual(entries.slice(2))
      expect(await queue.reclaim('express', 'a', 0, 10)).toEqual([])
      expect(await queue.reader('normal', 'a').read(10, 0, never)).toHaveLength(1)
    })

    test('reclaim goes through a long pending list in parts of countMax', async () => {
      const ids = newIds(1_000)
      await queue.append('normal', ids)
      const held = await queue.reader('normal', 'dead').read(1_000, 0, never)
      const kept = held.filter((_, index) => index % 4 === 0)
      const gone = held.filter((_, index) => index % 4 !== 0)
      await queue.acknowledge('normal', receiptsOf(gone))
      expect(await queue.reclaim('normal', 'a', 0, 0)).toEqual([])
      const reclaimed: QueueEntry[] = []
      while (reclaimed.length < kept.length) {
        const part = await queue.reclaim('normal', 'a', 0, 30)
        expect(part.length).toBeGreaterThan(0)
        expect(part.length).toBeLessThanOrEqual(30)
        reclaimed.push(...part)
      }
      // What was reclaimed first may come round again behind the last one.
      expect(receiptsOf(reclaimed.slice(0, kept.length))).toEqual(receiptsOf(kept))
    })

    test('ten thousand at a time', async () => {
      const ids = newIds(10_000)
      await queue.append('normal', ids)
      expect((await queue.depth('normal')).total).toBe(10_000)
      const reader = queue.reader('normal', 'a')
      const entries = await reader.read(batchMax, 0, never)
      expect(idsOf(entries)).toEqual(ids)
      expect(await queue.reclaim('normal', 'b', 0, batchMax)).toHaveLength(10_000)
      await queue.acknowledge('normal', receiptsOf(entries))
      expect(await queue.depth('normal')).toMatchObject({ total: 0, pending: 0, oldestAgeMs: null })
    })

    test('what is not a message id is set aside, counted, and stops nothing', async () => {
      const ids = newIds(2)
      const bad = ['', 'nonsense', 'x'.repeat(100_000), ids[0]?.toUpperCase() ?? '']
      await queue.append('normal', [...bad, ids[0] ?? '', 'nonsense', ids[1] ?? ''])
      const entries = await queue.reader('normal', 'a').read(100, 0, never)
      expect(idsOf(entries)).toEqual(ids)
      expect(corrupt.map(([lane]) => lane)).toEqual(Array.from({ length: 5 }, () => 'normal'))
      expect(new Set(corrupt.map(([, receipt]) => receipt)).size).toBe(5)
      expect(await queue.depth('normal')).toMatchObject({ total: 2, pending: 2 })
    })
  })
}
