/** Whether tables and indexes grow faster than the messages in them, and whether days made and dropped beside them hold anything up. */
import { createPartitions, dropPartitions } from '../../src/store/partitions.ts'
import type { TestDatabase } from '../../tests/support/test-database.ts'
import { batchSize, connections, connectTo, liveThrough } from '../floors/sql-floor.ts'
import { atMost, type Bench, type Row } from '../row.ts'

const firstMessages = 500_000
const allMessages = 5_000_000
/** A round makes one more day ahead, and makes an old day that it then drops. */
const upkeepRounds = 40
const daysAheadMin = 5
/** Between two looks at whether the next round is due. */
const lookMs = 20
const retentionDays = 30
const oldestDays = 100

export const upkeep: Row = {
  name: 'upkeep',
  summary:
    'whole life of 5,000,000 messages in the database alone, days made and dropped beside it',
  async run(bench) {
    const servers = await bench.servers()
    const { database } = servers
    const first = await liveThroughMany(bench, database, firstMessages)
    const small = await bytesPerMessage(database, first.messages)
    const rest = await liveThroughMany(bench, database, allMessages - firstMessages)
    const large = await bytesPerMessage(database, first.messages + rest.messages)
    return {
      figures: [
        {
          what: `bytes a message with tables and indexes, after 500,000: ${small.toFixed(0)}, after 5,000,000: ${large.toFixed(0)}`,
          unit: '×',
          value: large / small,
          target: atMost(1.2),
        },
        {
          what: `the slowest of ${rest.batches} batches of ${batchSize} through all statements, while ${upkeepRounds} days are made and ${rest.dropped} dropped`,
          unit: 'ms',
          value: rest.slowestMs,
          target: null,
        },
        { what: 'median batch', unit: 'ms', value: rest.medianMs, target: null },
        { what: 'messages', unit: 'messages/s', value: rest.rate, target: null },
      ],
      floor: null,
      cpuMicroseconds: {},
      faults: rest.faults,
    }
  },
}

async function liveThroughMany(bench: Bench, server: TestDatabase, total: number) {
  const database = connectTo(server)
  const batches = Math.ceil((total * bench.scale) / batchSize)
  const durationsMs: number[] = []
  const startedMs = performance.now()
  let started = 0
  async function work(): Promise<void> {
    while (started < batches && !bench.signal.aborted) {
      started++
      const beganMs = performance.now()
      await liveThrough(database, 'whole')
      durationsMs.push(performance.now() - beganMs)
    }
  }
  try {
    let isOver = false
    const keeping = keepUp(
      server,
      () => isOver,
      () => durationsMs.length / batches,
    )
    await Promise.all(Array.from({ length: connections }, work))
    const rate = (durationsMs.length * batchSize * 1_000) / (performance.now() - startedMs)
    isOver = true
    const sorted = durationsMs.toSorted((a, b) => a - b)
    return {
      ...(await keeping),
      batches,
      messages: batches * batchSize,
      slowestMs: sorted.at(-1) ?? 0,
      medianMs: sorted[sorted.length >> 1] ?? 0,
      rate,
    }
  } finally {
    await database.close(1_000)
  }
}

/** Spread over the whole run. */
async function keepUp(server: TestDatabase, isOver: () => boolean, progress: () => number) {
  const database = connectTo(server)
  const faults: string[] = []
  let dropped = 0
  try {
    for (let round = 0; round < upkeepRounds && !isOver(); ) {
      if (progress() * upkeepRounds < round) {
        await Bun.sleep(lookMs)
        continue
      }
      await createPartitions(database.write, daysAheadMin + round)
      await server.sql`
        SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date - ${oldestDays - round}::int)`
      const done = await dropPartitions(database.write, retentionDays, new AbortController().signal)
      dropped += done.dropped.length / 3
      faults.push(...done.failures.map(String))
      round++
    }
    return { dropped, faults }
  } finally {
    await database.close(1_000)
  }
}

async function bytesPerMessage({ sql }: TestDatabase, messages: number): Promise<number> {
  const [size] = await sql<{ bytes: string }[]>`
    SELECT sum(pg_total_relation_size(inhrelid))::text AS bytes FROM pg_inherits
    WHERE inhparent IN ('messages'::regclass, 'provider_references'::regclass, 'delivery_reports'::regclass)`
  return Number(size?.bytes ?? 0) / messages
}
