import { expect, test } from 'bun:test'
import { pino } from 'pino'
import { type Lane, lanes } from '../domain/message.ts'
import { createMemoryQueue } from '../queue/memory/memory-queue.ts'
import type { QueueEntry } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import { createPermits } from '../runtime/permits.ts'
import { createFetcher } from './fetcher.ts'

test('two lanes that read at once with too few permits for both dispatch all they have read', async () => {
  const queue = createMemoryQueue({ clock: systemClock, onCorrupt: () => undefined })
  const ids: Record<Lane, string[]> = { normal: [], express: [] }
  for (const lane of lanes) {
    ids[lane] = Array.from({ length: 200 }, () => Bun.randomUUIDv7())
    await queue.append(lane, ids[lane])
  }
  const permits = createPermits({ max: 100, reservedMax: 10 })
  const dispatched: Record<Lane, string[]> = { normal: [], express: [] }
  let inUseMost = 0
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const dispatcher = {
    dispatch(lane: Lane, entries: readonly QueueEntry[]) {
      inUseMost = Math.max(inUseMost, permits.inUse)
      dispatched[lane].push(...entries.map(({ id }) => id))
      setImmediate(() => permits.give(lane === 'express', entries.length))
      if (dispatched.normal.length + dispatched.express.length >= 400) resolve()
    },
    handBack: () => Promise.reject(new Error('nothing is left')),
  }
  /** Both lanes' first reads come back together, each having asked while all permits were free. */
  let reading = 0
  const { promise: bothRead, resolve: release } = Promise.withResolvers<void>()
  const fetchers = lanes.map((lane) =>
    createFetcher({
      lane,
      consumer: 'c',
      queue: {
        reader(wanted, consumer) {
          const reader = queue.reader(wanted, consumer)
          let first = true
          return {
            ...reader,
            async read(count, blockMs, signal) {
              const entries = await reader.read(count, blockMs, signal)
              if (!first) return entries
              first = false
              if (++reading === lanes.length) release()
              await bothRead
              return entries
            },
          }
        },
      },
      pool: { room: () => 500, whenRoom: async () => undefined },
      permits,
      dispatcher,
      logger: pino({ level: 'silent' }),
      clock: systemClock,
    }),
  )
  for (const fetcher of fetchers) await fetcher.start()
  await all
  await Promise.all(fetchers.map((fetcher) => fetcher.stop()))
  for (const lane of lanes) expect(dispatched[lane]).toEqual(ids[lane])
  expect(inUseMost).toBeLessThanOrEqual(100)
  await queue.close()
})
