/**
 * The queue's driver by itself: one customer's backlog in the normal lane, read and acknowledged by one reader, on a Redis of
 * its own; and how many of it were read when the ten of another customer, appended last, had all been read.
 *
 *   node scripts/bootstrap.mjs bun bench/queue-drain.ts [entries]
 */
import { createOutstandingByLane } from '../src/domain/outstanding.ts'
import { createRedisQueue } from '../src/queue/redis/redis-queue.ts'
import { startRedisProcess } from '../tests/integration/queue/redis-process.ts'

const entries = Number(process.argv[2] ?? 200_000)
const runs = 5
/** What a processor reads and acknowledges at once. */
const readMax = 500
const acknowledgementsInFlight = 4

const redis = await startRedisProcess()
const queue = createRedisQueue({
  host: redis.host,
  port: redis.port,
  streams: { normal: 'sms:normal', express: 'sms:express' },
  commandTimeoutMs: 5_000,
  onCorrupt: () => undefined,
})
const ids = Array.from({ length: entries }, () => Bun.randomUUIDv7())
const few = ids.slice(-10)
const outstanding = createOutstandingByLane().normal
const shares = ids.map((_, place) => outstanding.place(place < entries - few.length ? 1 : 2, 0))
const never = new AbortController().signal

const rates: { append: number; drain: number }[] = []
let readBeforeFew = 0
for (let run = 0; run < runs; run++) {
  const appendedAtMs = performance.now()
  await queue.append('normal', ids, shares)
  const startedAtMs = performance.now()
  const reader = queue.reader('normal', `run ${run}`)
  const acknowledging = new Set<Promise<void>>()
  for (let read = 0; read < entries; ) {
    const batch = await reader.read(readMax, 1_000, never)
    read += batch.length
    if (batch.some(({ id }) => id === few.at(-1))) readBeforeFew = read
    const done = queue
      .acknowledge(
        'normal',
        batch.map(({ receipt }) => receipt),
      )
      .finally(() => acknowledging.delete(done))
    acknowledging.add(done)
    if (acknowledging.size >= acknowledgementsInFlight) await Promise.race(acknowledging)
  }
  await Promise.all(acknowledging)
  const endedAtMs = performance.now()
  await reader.close()
  rates.push({
    append: perSecond(startedAtMs - appendedAtMs),
    drain: perSecond(endedAtMs - startedAtMs),
  })
}
function perSecond(elapsedMs: number): number {
  return Math.round((entries / elapsedMs) * 1_000)
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
process.stdout.write(`entries ${entries}, ${runs} runs, median entries/s\n`)
process.stdout.write(`append  ${median(rates.map(({ append }) => append))}\n`)
process.stdout.write(`drain   ${median(rates.map(({ drain }) => drain))}\n`)
process.stdout.write(`read when the other customer's ten were, at most  ${readBeforeFew}\n`)
await queue.close()
await redis.stop()
