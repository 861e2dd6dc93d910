import { describe, expect, test } from 'bun:test'
import {
  BatcherClosedError,
  BatcherFullError,
  type BatcherOptions,
  createBatcher,
} from './batcher.ts'

interface Call {
  readonly items: readonly number[]
  readonly finish: () => void
  readonly fail: (error: Error) => void
}

function setup(options: Partial<BatcherOptions<number, number>> = {}) {
  const calls: Call[] = []
  let onCall: (() => void) | undefined
  const batcher = createBatcher<number, number>({
    name: 'test',
    batchMax: 4,
    pendingMax: 100,
    flightsMax: 1,
    lingerMs: 0,
    run: (items) =>
      new Promise((resolve, reject) => {
        calls.push({ items, finish: () => resolve(items.map((n) => n * 10)), fail: reject })
        onCall?.()
      }),
    ...options,
  })
  async function call(index: number): Promise<Call> {
    while (calls.length <= index) {
      await new Promise<void>((resolve) => {
        onCall = resolve
      })
    }
    return calls[index] as Call
  }
  return { batcher, calls, call }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

describe('batcher', () => {
  test('what arrives in one turn leaves together, and each gets its own result', async () => {
    const { batcher, call } = setup()
    const results = Promise.all([batcher.add(1), batcher.add(2), batcher.add(3)])
    const first = await call(0)
    expect(first.items).toEqual([1, 2, 3])
    first.finish()
    expect(await results).toEqual([10, 20, 30])
    expect(batcher.pending).toBe(0)
  })

  test('arrivals gather while a batch is under way, and leave in batches of at most batchMax', async () => {
    const { batcher, calls, call } = setup()
    const first = batcher.add(1)
    await call(0)
    const rest = [2, 3, 4, 5, 6].map((n) => batcher.add(n))
    expect(calls.length).toBe(1)
    calls[0]?.finish()
    expect(await first).toBe(10)
    const second = await call(1)
    expect(second.items).toEqual([2, 3, 4, 5])
    second.finish()
    const third = await call(2)
    expect(third.items).toEqual([6])
    third.finish()
    expect(await Promise.all(rest)).toEqual([20, 30, 40, 50, 60])
  })

  test('a group stays whole even when it is larger than a batch', async () => {
    const { batcher, call } = setup()
    const group = batcher.addGroup([1, 2, 3, 4, 5, 6])
    const only = await call(0)
    expect(only.items).toEqual([1, 2, 3, 4, 5, 6])
    only.finish()
    expect(await group).toEqual([10, 20, 30, 40, 50, 60])
  })

  test('under load it waits for company, and then sends what came', async () => {
    const { batcher, call } = setup({ lingerMs: 50, lingerFromSize: 2, batchMax: 10 })
    const first = [1, 2].map((n) => batcher.add(n))
    ;(await call(0)).finish()
    await Promise.all(first)
    const third = batcher.add(3)
    const later = new Promise<number>((resolve) => {
      setImmediate(() => resolve(batcher.add(4)))
    })
    const second = await call(1)
    expect(second.items).toEqual([3, 4])
    second.finish()
    expect(await Promise.all([third, later])).toEqual([30, 40])
  })

  test('refuses more than pendingMax, and has room again afterwards', async () => {
    const { batcher, call } = setup({ pendingMax: 2 })
    const taken = [batcher.add(1), batcher.add(2)]
    expect(batcher.add(3)).rejects.toBeInstanceOf(BatcherFullError)
    ;(await call(0)).finish()
    await Promise.all(taken)
    const next = batcher.add(4)
    ;(await call(1)).finish()
    expect(await next).toBe(40)
  })

  test('a group is taken whole even when it goes beyond pendingMax, and nothing after it', async () => {
    const { batcher, call } = setup({ pendingMax: 3 })
    const taken = batcher.addGroup([1, 2, 3, 4])
    expect(batcher.isFull).toBe(true)
    expect(batcher.add(5)).rejects.toBeInstanceOf(BatcherFullError)
    ;(await call(0)).finish()
    expect(await taken).toHaveLength(4)
    await until(() => !batcher.isFull)
  })

  test('refuses what would wait longer than waitMsMax, until the work is quick again', async () => {
    const { batcher, call } = setup({ waitMsMax: 5 })
    const stuck = batcher.add(1)
    const first = await call(0)
    await until(() => batcher.isFull)
    expect(batcher.add(2)).rejects.toBeInstanceOf(BatcherFullError)
    first.finish()
    await stuck
    const next = batcher.add(3)
    ;(await call(1)).finish()
    await next
    const [fourth, fifth] = [batcher.add(4), batcher.add(5)]
    ;(await call(2)).finish()
    expect(await Promise.all([fourth, fifth])).toEqual([40, 50])
  })

  test('a failure reaches every item of its batch and none of the next', async () => {
    const { batcher, call } = setup()
    const failing = Promise.allSettled([batcher.add(1), batcher.add(2)])
    ;(await call(0)).fail(new Error('no'))
    expect((await failing).map((result) => result.status)).toEqual(['rejected', 'rejected'])
    const next = batcher.add(3)
    ;(await call(1)).finish()
    expect(await next).toBe(30)
  })

  test('an item that the work refuses fails alone', async () => {
    const batcher = createBatcher<number, number>({
      name: 'test',
      batchMax: 100,
      pendingMax: 100,
      flightsMax: 1,
      lingerMs: 0,
      isItemFault: (error) => (error as Error).message === 'poison',
      run: async (items) => {
        if (items.includes(13)) throw new Error('poison')
        return items
      },
    })
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const results = await Promise.allSettled(numbers.map((n) => batcher.add(n)))
    const failed = numbers.filter((n) => results[n]?.status === 'rejected')
    expect(failed).toEqual([13])
  })

  test('close settles what was taken and refuses what comes after', async () => {
    const { batcher, call } = setup()
    const taken = batcher.add(1)
    const closing = batcher.close()
    expect(batcher.add(2)).rejects.toBeInstanceOf(BatcherClosedError)
    ;(await call(0)).finish()
    await closing
    expect(await taken).toBe(10)
  })
})
