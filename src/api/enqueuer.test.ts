import { beforeEach, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Lane, MessageId } from '../domain/message.ts'
import { createApiMetrics } from './api-metrics.ts'
import { createEnqueuer, type Enqueue, type Enqueued } from './enqueuer.ts'

let nowMs = 0
let appendMs = 0
let failing = false
let calls: Lane[] = []
let lines: Record<string, unknown>[] = []
let metrics = createApiMetrics(new Registry())
let enqueue: Enqueue

const first = (ids: MessageId[]): Enqueued => ({ ids, shares: ids.map(() => 0) })
const some: Record<Lane, Enqueued> = { normal: first(['n']), express: first(['e1', 'e2']) }
const failures = async () => (await metrics.enqueueFailures.get()).values.map(({ value }) => value)

beforeEach(() => {
  nowMs = 0
  appendMs = 0
  failing = false
  calls = []
  lines = []
  metrics = createApiMetrics(new Registry())
  enqueue = createEnqueuer({
    queue: {
      async append(lane) {
        calls.push(lane)
        nowMs += appendMs
        if (failing) throw new Error('queue away')
      },
    },
    metrics,
    logger: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    clock: { now: () => nowMs, monotonicMs: () => nowMs },
  })
})

test('express goes first; a lane without ids is left alone', async () => {
  await enqueue(some)
  expect(calls).toEqual(['express', 'normal'])
  await enqueue({ normal: first([]), express: first(['e']) })
  expect(calls).toEqual(['express', 'normal', 'express'])
  expect(await failures()).toEqual([0, 0])
})

test('failures are counted by message and logged once a second', async () => {
  failing = true
  await enqueue(some)
  await enqueue(some)
  expect((await failures()).sort()).toEqual([2, 4])
  expect(lines.length).toBe(1)
  nowMs = 1_000
  await enqueue({ normal: first(['n']), express: first([]) })
  expect(lines.length).toBe(2)
})

test('a queue that fails at once is asked again at once', async () => {
  failing = true
  await enqueue({ normal: first(['n']), express: first([]) })
  await enqueue({ normal: first(['n']), express: first([]) })
  expect(calls.length).toBe(2)
})

test('a queue that hangs is left alone for a second, and then asked again', async () => {
  failing = true
  appendMs = 250
  await enqueue({ normal: first(['n']), express: first([]) })
  failing = false
  await enqueue({ normal: first(['n']), express: first([]) })
  expect(calls.length).toBe(1)
  expect(await failures()).toEqual([2, 0])
  nowMs += 1_000
  await enqueue({ normal: first(['n']), express: first([]) })
  expect(calls.length).toBe(2)
})
