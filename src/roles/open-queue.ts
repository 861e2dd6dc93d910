/** The queue as a role's part: Redis when it is configured, in the process when not. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { lanes } from '../domain/message.ts'
import { createMemoryQueue } from '../queue/memory/memory-queue.ts'
import type { CorruptEntryListener, Queue } from '../queue/queue.ts'
import { createRedisQueue } from '../queue/redis/redis-queue.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { startAtZero } from '../runtime/metrics.ts'

/** Corrupt entries of a lane are logged no more often than this for each reason. */
const corruptLogIntervalMs = 1_000

export function openQueue(config: Config, registry: Registry, logger: Logger): Queue {
  const corrupt = new Counter({
    name: 'sms_queue_corrupt_entries_total',
    help: 'Queue entries set aside because they hold no message id, and keys that are no stream.',
    labelNames: ['lane'],
    registers: [registry],
  })
  startAtZero(corrupt, { lane: lanes })
  const log = createCorruptEntryLog(logger)
  const onCorrupt: CorruptEntryListener = (lane, receipt, reason) => {
    corrupt.inc({ lane })
    log(lane, receipt, reason)
  }
  const { redis } = config
  if (redis === null) return createMemoryQueue({ clock: systemClock, onCorrupt })

  const up = new Gauge({
    name: 'sms_redis_up',
    help: 'Whether the connection to Redis stands.',
    registers: [registry],
    aggregator: 'min',
  })
  return createRedisQueue({
    host: redis.host,
    port: redis.port,
    ...(redis.password === null ? {} : { password: redis.password }),
    streams: config.streams,
    commandTimeoutMs: redis.commandTimeoutMs,
    onCorrupt,
    onConnectionChange: (isUp, error) => {
      up.set(isUp ? 1 : 0)
      if (isUp) logger.info({ event: 'redis.connected' })
      else logger.warn({ event: 'redis.disconnected', reason: error?.message })
    },
    onEvictingPolicy: (policy) =>
      logger.warn({ event: 'redis.eviction_policy', policy, wanted: 'noeviction' }),
  })
}

/** Thousands may come at once: a line says how many there were since the last of its kind, and the metric counts all. */
function createCorruptEntryLog(logger: Logger): CorruptEntryListener {
  const kinds = new Map<string, { unsaid: number; saidAtMs: number }>()
  return (lane, receipt, reason) => {
    const key = `${lane} ${reason}`
    const kind = kinds.get(key) ?? { unsaid: 0, saidAtMs: Number.NEGATIVE_INFINITY }
    kinds.set(key, kind)
    kind.unsaid++
    const nowMs = systemClock.monotonicMs()
    if (nowMs - kind.saidAtMs < corruptLogIntervalMs) return
    logger.error({ event: 'queue.entry_corrupt', lane, receipt, reason, count: kind.unsaid })
    kind.unsaid = 0
    kind.saidAtMs = nowMs
  }
}
