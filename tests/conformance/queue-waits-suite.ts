/** What every queue driver must do, second part: reads that wait, and how they end. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { CorruptEntryListener, Queue, QueueEntry } from '../../src/queue/queue.ts'
import { eventually } from '../support/eventually.ts'
import { endlessMs, idsOf, never, newIds, receiptsOf } from './queue-entries.ts'
import type { CreateQueue } from './queue-suite.ts'

export function describeQueueWaits(name: string, createQueue: CreateQueue): void {
  describe(`queue, waiting: ${name}`, () => {
    let queue: Queue
    let corrupt: Parameters<CorruptEntryListener>[]

    beforeEach(async () => {
      corrupt = []
      queue = await createQueue((...call) => corrupt.push(call))
    })
    afterEach(() => queue.close())

    test('a read that waits is woken by an append', async () => {
      const [id = ''] = newIds(1)
      const reading = queue.reader('normal', 'a').read(10, endlessMs, never)
      await queue.append('express', newIds(1))
      await queue.ping()
      await queue.append('normal', [id])
      expect(idsOf(await reading)).toEqual([id])
    })

    test('an abort ends a wait at once, and the reader works again afterwards', async () => {
      const reader = queue.reader('normal', 'a')
      for (let round = 0; round < 20; round++) {
        const abort = new AbortController()
        const reading = reader.read(10, endlessMs, abort.signal)
        // On odd rounds the abort comes before the wait has begun.
        if (round % 2 === 0) await queue.ping()
        abort.abort()
        expect(await reading).toEqual([])
        expect(await reader.read(10, endlessMs, abort.signal)).toEqual([])
      }
      const ids = newIds(2)
      await queue.append('normal', ids)
      expect(idsOf(await reader.read(10, endlessMs, never))).toEqual(ids)
    })

    test('an abort that races with an append loses nothing', async () => {
      const reader = queue.reader('normal', 'a')
      const appended: string[] = []
      const got: QueueEntry[] = []
      for (let round = 0; round < 100; round++) {
        const abort = new AbortController()
        const ids = newIds(3)
        appended.push(...ids)
        const reading = reader.read(10, endlessMs, abort.signal)
        const appending = queue.append('normal', ids)
        if (round % 3 === 0) await Promise.resolve()
        abort.abort()
        got.push(...(await reading))
        await appending
      }
      got.push(...(await reader.read(1_000, 0, never)))
      got.push(...(await queue.reclaim('normal', 'b', 0, 1_000)))
      expect(new Set(idsOf(got))).toEqual(new Set(appended))
    })

    test('readers that read at once get different entries, and all of them', async () => {
      const ids = newIds(3_000)
      const got: string[] = []
      const abort = new AbortController()
      async function consume(consumer: string): Promise<void> {
        const reader = queue.reader('normal', consumer)
        while (!abort.signal.aborted) {
          const entries = await reader.read(37, endlessMs, abort.signal)
          got.push(...idsOf(entries))
          await queue.acknowledge('normal', receiptsOf(entries))
          if (got.length >= ids.length) abort.abort()
        }
      }
      const consuming = Promise.all(['a', 'b', 'c', 'd'].map(consume))
      for (let start = 0; start < ids.length; start += 250) {
        await queue.append('normal', ids.slice(start, start + 250))
      }
      await consuming
      expect(got.toSorted()).toEqual(ids.toSorted())
      expect((await queue.depth('normal')).total).toBe(0)
    })

    test('a read that finds only what is not a message id waits on', async () => {
      const reading = queue.reader('express', 'a').read(100, endlessMs, never)
      await queue.append('express', ['nonsense'])
      const ids = newIds(1)
      await eventually(() => corrupt.length === 1, { what: 'the first entry is set aside' })
      await queue.append('express', ids)
      expect(idsOf(await reading)).toEqual(ids)
    })

    test('closing ends a wait; what is closed refuses', async () => {
      const reader = queue.reader('normal', 'a')
      const other = queue.reader('normal', 'b')
      const reading = [reader.read(1, endlessMs, never), other.read(1, endlessMs, never)]
      await queue.ping()
      await reader.close()
      await reader.close()
      expect(await reading[0]).toEqual([])
      expect(reader.read(1, 0, never)).rejects.toThrow('closed')
      await queue.close()
      await queue.close()
      expect(await reading[1]).toEqual([])
      expect(queue.append('normal', newIds(1))).rejects.toThrow('closed')
      expect(queue.ping()).rejects.toThrow('closed')
    })
  })
}
