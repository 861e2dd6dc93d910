import { expect, test } from 'bun:test'
import { batchSizeBuckets, createRegistry, latencyBucketsSeconds } from './metrics.ts'

test('a registry has the metrics of the process, and none of another registry', async () => {
  const [first, second] = [createRegistry(), createRegistry()]
  expect(await first.metrics()).toContain('process_cpu_seconds_total')
  expect(await second.metrics()).toContain('process_cpu_seconds_total')
})

test('bounds grow', () => {
  for (const bounds of [latencyBucketsSeconds, batchSizeBuckets]) {
    expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds)
  }
})
