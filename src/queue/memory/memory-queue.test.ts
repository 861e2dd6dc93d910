import { expect, test } from 'bun:test'
import { createMemoryQueue } from './memory-queue.ts'

const never = new AbortController().signal

function newIds(count: number): string[] {
  return Array.from({ length: count }, () => Bun.randomUUIDv7())
}

test('idleness and age are those of the clock it was given', async () => {
  let nowMs = 1_000
  const queue = createMemoryQueue({ clock: { now: () => nowMs, monotonicMs: () => nowMs - 1_000 } })
  await queue.append('normal', newIds(1))
  nowMs = 5_000
  await queue.append('normal', newIds(1))
  const reader = queue.reader('normal', 'a')
  const [first] = await reader.read(1, 0, never)
  nowMs = 6_000
  const [second] = await reader.read(1, 0, never)
  expect((await queue.depth('normal')).oldestAgeMs).toBe(5_000)
  nowMs = 7_999
  expect(await queue.reclaim('normal', 'b', 3_000, 10)).toEqual([])
  nowMs = 8_000
  expect(await queue.reclaim('normal', 'b', 3_000, 10)).toEqual([first] as [typeof first & object])
  nowMs = 9_000
  expect(await queue.reclaim('normal', 'b', 3_000, 10)).toEqual([second] as [typeof first & object])
  nowMs = 11_000
  expect(await queue.reclaim('normal', 'b', 3_000, 10)).toEqual([first] as [typeof first & object])
})

test('readers that wait are served in the order they came', async () => {
  const queue = createMemoryQueue({ clock: { now: () => 0, monotonicMs: () => 0 } })
  const ids = newIds(5)
  const reads = ['a', 'b', 'c'].map((consumer) =>
    queue.reader('normal', consumer).read(2, 3_600_000, never),
  )
  await queue.append('normal', ids)
  expect((await Promise.all(reads)).map((entries) => entries.map((entry) => entry.id))).toEqual([
    ids.slice(0, 2),
    ids.slice(2, 4),
    ids.slice(4),
  ])
})
