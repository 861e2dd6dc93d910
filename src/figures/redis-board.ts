/** One hash in Redis, with a field for each process. */
import type { Redis } from 'ioredis'
import { type FiguresBoard, instancesMax } from './figures-board.ts'
import type { ProcessFigures } from './process-figures.ts'

export interface RedisBoardOptions {
  /** One that fails at once while there is no connection, and bounds how long it waits for an answer. */
  readonly connection: {
    readonly client: Redis
    run<Result>(work: () => Promise<Result>): Promise<Result>
    close(): Promise<void>
  }
  readonly key: string
}

/** After so long without any telling the hash is gone. */
const lifeSeconds = 120
/** A field whose sequence stood still over so many readings is of a process that ended. */
const readingsMax = 60

export function createRedisBoard({ connection, key }: RedisBoardOptions): FiguresBoard {
  const { client } = connection
  const seen = new Map<string, { sequence: number; readings: number }>()

  /** Of processes that were killed. Those that go on tell again, and are there again. */
  async function removeSilent(figures: readonly ProcessFigures[]): Promise<void> {
    const there = new Set(figures.map(({ instance }) => instance))
    for (const instance of seen.keys()) if (!there.has(instance)) seen.delete(instance)
    const silent: string[] = []
    for (const { instance, sequence } of figures) {
      const last = seen.get(instance)
      const readings = last?.sequence === sequence ? last.readings + 1 : 0
      seen.set(instance, { sequence, readings })
      if (readings >= readingsMax) silent.push(instance)
    }
    if (silent.length > 0) await connection.run(() => client.hdel(key, ...silent))
  }

  return {
    async tell(figures) {
      await connection.run(() =>
        client
          .multi()
          .hset(key, figures.instance, JSON.stringify(figures))
          .expire(key, lifeSeconds)
          .exec(),
      )
    },
    async read() {
      const fields = await connection.run(() => client.hgetall(key))
      const figures = Object.entries(fields)
        .slice(0, instancesMax)
        .flatMap(([instance, text]) => figuresOf(instance, text) ?? [])
      await removeSilent(figures)
      return figures
    },
    async withdraw(instance) {
      await connection.run(() => client.hdel(key, instance)).catch(() => undefined)
    },
    close: () => connection.close(),
  }
}

/** Null for what no process of this version or another wrote: whoever reads must not fail by it. */
function figuresOf(instance: string, text: string): ProcessFigures | null {
  try {
    const read = JSON.parse(text) as Partial<ProcessFigures> | null
    if (typeof read !== 'object' || read === null) return null
    const { role, version, sequence, values, histograms } = read
    if (typeof role !== 'string' || typeof version !== 'string') return null
    if (typeof sequence !== 'number' || !isTable(values, Number.isFinite)) return null
    const isCounts = (counts: unknown) => Array.isArray(counts) && counts.every(Number.isFinite)
    if (!isTable(histograms, isCounts)) return null
    return { instance, role, version, sequence, values, histograms }
  } catch {
    return null
  }
}

function isTable<T>(
  table: unknown,
  isValue: (value: unknown) => boolean,
): table is Record<string, T> {
  return typeof table === 'object' && table !== null && Object.values(table).every(isValue)
}
