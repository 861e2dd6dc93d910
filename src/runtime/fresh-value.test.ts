import { beforeEach, expect, test } from 'bun:test'
import { createFreshValue, type FreshValue } from './fresh-value.ts'

let nowMs: number
let reads: PromiseWithResolvers<string>[]
let value: FreshValue<string>
beforeEach(() => {
  nowMs = 0
  reads = []
  value = createFreshValue({
    read() {
      const read = Promise.withResolvers<string>()
      reads.push(read)
      return read.promise
    },
    refreshMs: 100,
    ageMsMax: 300,
    clock: { monotonicMs: () => nowMs },
  })
})

/** Answers the read that was begun last. */
async function answer(text: string): Promise<void> {
  reads.at(-1)?.resolve(text)
  await Promise.resolve(value.get()).catch(() => undefined)
}

test('is read once for all who ask, and then known', async () => {
  const asked = [value.get(), value.get()]
  await answer('a')
  expect(await Promise.all(asked)).toEqual(['a', 'a'])
  nowMs = 100
  expect(value.get()).toBe('a')
  expect(reads.length).toBe(1)
})

test('is read anew in the background, and used meanwhile', async () => {
  value.get()
  await answer('a')
  nowMs = 101
  expect(value.get()).toBe('a')
  expect(value.get()).toBe('a')
  expect(reads.length).toBe(2)
  await answer('b')
  expect(value.get()).toBe('b')
})

test('is waited for when it is too old; its age counts from the start of its reading', async () => {
  value.get()
  await answer('a')
  nowMs = 250
  expect(value.get()).toBe('a')
  nowMs = 301
  const waited = value.get()
  expect(waited).toBeInstanceOf(Promise)
  reads.at(-1)?.resolve('b')
  expect(await waited).toBe('b')
  nowMs = 551
  expect(value.get()).toBeInstanceOf(Promise)
})

test('a failure is nobody’s while there is a value to use, and then everybody’s', async () => {
  value.get()
  await answer('a')
  nowMs = 200
  value.get()
  reads.at(-1)?.reject(new Error('away'))
  await Promise.resolve()
  expect(value.get()).toBe('a')
  nowMs = 400
  await Promise.resolve()
  const failing = value.get()
  reads.at(-1)?.reject(new Error('still away'))
  await expect(failing).rejects.toThrow('still away')
})

test('a reading that began too long ago is not used, even by those who waited for it', async () => {
  value.get()
  await answer('a')
  nowMs = 150
  value.get()
  nowMs = 460
  const waiting = Promise.resolve(value.get())
  expect(reads.length).toBe(2)
  reads.at(-1)?.resolve('read at 150')
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  expect(reads.length).toBe(3)
  reads.at(-1)?.resolve('read at 460')
  expect(await waiting).toBe('read at 460')
})
