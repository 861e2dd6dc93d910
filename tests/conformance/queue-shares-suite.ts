/** What every queue driver must do, third part: the shares of the normal lane. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { shareCounts } from '../../src/domain/fair-share.ts'
import type { CorruptEntryListener, Queue, QueueEntry } from '../../src/queue/queue.ts'
import { endlessMs, idsOf, never, newIds, receiptsOf } from './queue-entries.ts'
import type { CreateQueue } from './queue-suite.ts'

const all = Array.from({ length: shareCounts.normal }, (_, share) => share)
const last = all.length - 1

export function describeQueueShares(name: string, createQueue: CreateQueue): void {
  describe(`queue, shares: ${name}`, () => {
    let queue: Queue
    let corrupt: Parameters<CorruptEntryListener>[]

    beforeEach(async () => {
      corrupt = []
      queue = await createQueue((...call) => corrupt.push(call))
    })
    afterEach(() => queue.close())

    /** As many new entries in each of the shares; answers their ids. */
    async function appendTo(shares: readonly number[], count: number): Promise<string[]> {
      const ids = newIds(count * shares.length)
      await queue.append(
        'normal',
        ids,
        shares.flatMap((share) => Array.from({ length: count }, () => share)),
      )
      return ids
    }

    const countsOf = (entries: readonly QueueEntry[]) =>
      all.map((share) => entries.filter((entry) => entry.share === share).length)

    test('ten are read within the first few reads, although ten thousand came before them', async () => {
      await appendTo([last], 10_000)
      const few = await appendTo([0], 10)
      const reader = queue.reader('normal', 'a')
      const read: string[] = []
      for (let reads = 0; reads < 3; reads++) read.push(...idsOf(await reader.read(100, 0, never)))
      expect(read).toHaveLength(300)
      expect(few.filter((id) => read.includes(id))).toEqual(few)
    })

    test('what one share does not use the others get, and each is first in, first out', async () => {
      const many = await appendTo([2], 1_000)
      await appendTo([1], 5)
      const reader = queue.reader('normal', 'a')
      const entries: QueueEntry[] = []
      for (let reads = 0; reads < 10; reads++) {
        const read = await reader.read(100, endlessMs, never)
        expect(read).toHaveLength(100)
        entries.push(...read)
      }
      expect(countsOf(entries).slice(0, 2)).toEqual([0, 5])
      expect(idsOf(entries.filter(({ share }) => share === 2))).toEqual(many.slice(0, 995))
      expect(idsOf(await reader.read(100, endlessMs, never))).toEqual(many.slice(995))
    })

    test('shares that have enough give equal parts, of many and of one at a time', async () => {
      await appendTo(all, 200)
      const reader = queue.reader('normal', 'a')
      expect(countsOf(await reader.read(all.length * 100, 0, never))).toEqual(all.map(() => 100))
      const one: QueueEntry[] = []
      for (let reads = 0; reads < all.length * 10; reads++) {
        one.push(...(await reader.read(1, endlessMs, never)))
      }
      expect(countsOf(one)).toEqual(all.map(() => 10))
    })

    test('a read takes at most countMax of all shares together, and as many as there are', async () => {
      const ids = await appendTo(all, 30)
      const reader = queue.reader('normal', 'a')
      const read: string[] = []
      for (let countMax = 1; read.length < ids.length; countMax++) {
        const entries = await reader.read(countMax + 0.5, endlessMs, never)
        expect(entries).toHaveLength(Math.min(countMax, ids.length - read.length))
        read.push(...idsOf(entries))
      }
      expect(read.toSorted()).toEqual(ids.toSorted())
      expect(await reader.read(10, 0, never)).toEqual([])
    })

    test('a read that waits is woken by an entry of any share, however few it may take', async () => {
      const reader = queue.reader('normal', 'a')
      for (const countMax of [1, all.length, 500]) {
        for (const share of all) {
          const reading = reader.read(countMax, endlessMs, never)
          await queue.ping()
          const ids = await appendTo([share], 1)
          const [entry] = await reading
          expect(entry).toMatchObject({ id: ids[0] ?? '', share })
        }
      }
    })

    test('readers that wait and may take one each lose nothing when all shares get entries at once', async () => {
      const readers = ['a', 'b', 'c'].map((consumer) => queue.reader('normal', consumer))
      const read: QueueEntry[] = []
      const appended: string[] = []
      for (let round = 0; round < 20; round++) {
        const reading = readers.map((reader) => reader.read(1, endlessMs, never))
        const ids = await appendTo(all, 1)
        appended.push(...ids)
        const woken = await Promise.all(reading)
        for (const entries of woken) expect(entries).toHaveLength(1)
        read.push(...woken.flat())
        while (read.length < appended.length) {
          read.push(...((await readers[0]?.read(1, endlessMs, never)) ?? []))
        }
      }
      expect(idsOf(read).toSorted()).toEqual(appended.toSorted())
      expect(new Set(receiptsOf(read)).size).toBe(appended.length)
    })

    test('depth is that of all shares, and the oldest entry that of the oldest share', async () => {
      await appendTo([3], 2)
      await appendTo([0, last], 3)
      const ageOf = async (share: number) => (await queue.depth('normal')).shareAgesMs[share]
      expect(await queue.depth('normal')).toMatchObject({ total: 8, pending: 0 })
      const reader = queue.reader('normal', 'a')
      const entries = await reader.read(100, 0, never)
      const depth = await queue.depth('normal')
      expect(depth).toMatchObject({ total: 8, pending: 8 })
      expect(depth.shareAgesMs.map((ageMs) => ageMs !== null)).toEqual([
        ...[true, false, false, true, true],
      ])
      expect(depth.oldestAgeMs).toBe(depth.shareAgesMs[3] ?? -1)
      await queue.acknowledge('normal', receiptsOf(entries.filter(({ share }) => share === 3)))
      expect(await ageOf(3)).toBeNull()
      expect(await ageOf(0)).toBeWithin(0, 60_000)
      expect(await queue.depth('normal')).toMatchObject({ total: 6, pending: 6 })
      await queue.acknowledge('normal', receiptsOf(entries))
      expect(await queue.depth('normal')).toEqual({
        total: 0,
        pending: 0,
        oldestAgeMs: null,
        shareAgesMs: all.map(() => null),
      })
    })

    test('entries of all shares are reclaimed, in parts of countMax, and stay in their share', async () => {
      await appendTo(all, 30)
      const held = await queue.reader('normal', 'dead').read(1_000, 0, never)
      expect(held).toHaveLength(30 * all.length)
      const reclaimed = new Map<string, QueueEntry>()
      while (reclaimed.size < held.length) {
        const part = await queue.reclaim('normal', 'a', 0, 7)
        expect(part.length).toBeWithin(1, 8)
        for (const entry of part) reclaimed.set(entry.receipt, entry)
      }
      const byReceipt = (a: QueueEntry, b: QueueEntry) => a.receipt.localeCompare(b.receipt)
      expect([...reclaimed.values()].sort(byReceipt)).toEqual(held.toSorted(byReceipt))
      await queue.acknowledge('normal', [...reclaimed.keys()])
      expect((await queue.depth('normal')).total).toBe(0)
    })

    test('the same id in several shares is as many entries', async () => {
      const [id = ''] = newIds(1)
      await queue.append(
        'normal',
        all.map(() => id),
        all,
      )
      const entries = await queue.reader('normal', 'a').read(100, 0, never)
      expect(countsOf(entries)).toEqual(all.map(() => 1))
      await queue.acknowledge('normal', receiptsOf(entries).slice(0, 2))
      expect(await queue.depth('normal')).toMatchObject({ total: all.length - 2 })
    })

    test('what is not a message id is set aside in every share', async () => {
      await queue.append(
        'normal',
        all.map(() => 'nonsense'),
        all,
      )
      const ids = await appendTo(all, 1)
      const entries = await queue.reader('normal', 'a').read(100, endlessMs, never)
      expect(idsOf(entries).toSorted()).toEqual(ids.toSorted())
      expect(new Set(corrupt.map(([, receipt]) => receipt)).size).toBe(all.length)
      expect(await queue.depth('normal')).toMatchObject({ total: all.length })
    })

    test('a lane has no more shares than it has', () => {
      expect(queue.append('normal', newIds(1), [all.length])).rejects.toThrow('no share')
      expect(queue.append('express', newIds(1), [1])).rejects.toThrow('no share')
    })
  })
}
