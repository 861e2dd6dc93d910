/** The queue as a role's part: Redis when it is configured, in the process when not. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { createMemoryQueue } from '../queue/memory/memory-queue.ts'
import type { CorruptEntryListener, Queue } from '../queue/queue.ts'
import { createRedisQueue } from '../queue/redis/redis-queue.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'

export function openQueue(config: Config, registry: Registry, logger: Logger): Queue {
  const corrupt = new Counter({
    name: 'sms_queue_corrupt_entries_total',
    help: 'Queue entries set aside because they hold no message id.',
    labelNames: ['lane'],
    registers: [registry],
  })
  const onCorrupt: CorruptEntryListener = (lane, receipt, reason) => {
    corrupt.inc({ lane })
    logger.error({ event: 'queue.entry_corrupt', lane, receipt, reason })
  }
  const { redis } = config
  if (redis === null) return createMemoryQueue({ clock: systemClock, onCorrupt })

  const up = new Gauge({
    name: 'sms_redis_up',
    help: 'Whether the connection to Redis stands.',
    registers: [registry],
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
  })
}
