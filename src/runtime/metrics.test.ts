import { expect, test } from 'bun:test'
import { Counter } from 'prom-client'
import { eventually } from '../../tests/support/eventually.ts'
import { batchSizeBuckets, createRegistry, latencyBucketsSeconds, startAtZero } from './metrics.ts'

test('a registry has the metrics of the process, and none of another registry', async () => {
  const [first, second] = [createRegistry(), createRegistry()]
  expect(await first.metrics()).toContain('process_cpu_seconds_total')
  expect(await second.metrics()).toContain('process_cpu_seconds_total')
})

test('a registry has nothing that tells nothing of this runtime', async () => {
  const text = await createRegistry().metrics()
  expect(text).toContain('process_resident_memory_bytes')
  for (const name of ['process_heap_bytes', 'nodejs_active_', 'nodejs_version_info']) {
    expect(text).not.toContain(name)
  }
})

test('the lag of the event loop is measured', async () => {
  const registry = createRegistry()
  const lag = async () =>
    Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await registry.metrics())?.[1])
  // Its timer must have begun before the loop is held up.
  await eventually(async () => (await lag()) > 0, { what: 'a lag is measured' })
  await eventually(
    async () => {
      Bun.sleepSync(50)
      return (await lag()) >= 0.03
    },
    { what: 'a lag of 50 ms is seen' },
  )
})

test('a counter shows every combination of its labels from the start, and keeps what it has', async () => {
  const counter = new Counter({ name: 'n', help: 'n', labelNames: ['a', 'b'], registers: [] })
  counter.inc({ a: 'x', b: '1' }, 3)
  startAtZero(counter, { a: ['x', 'y'], b: ['1', '2'] })
  expect((await counter.get()).values).toEqual([
    { labels: { a: 'x', b: '1' }, value: 3 },
    { labels: { a: 'x', b: '2' }, value: 0 },
    { labels: { a: 'y', b: '1' }, value: 0 },
    { labels: { a: 'y', b: '2' }, value: 0 },
  ])
})

test('bounds grow', () => {
  for (const bounds of [latencyBucketsSeconds, batchSizeBuckets]) {
    expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds)
  }
})
