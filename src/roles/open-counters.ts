/** What the limits of customers are counted with: Redis when it is configured, in the process when not. */
import { Counter, type Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import type { TrafficDefaults } from '../domain/traffic-limits.ts'
import type { Counters } from '../limits/counters.ts'
import { createInsuredCounters } from '../limits/insured-counters.ts'
import { createMemoryCounters, memoryCountersDefault } from '../limits/memory-counters.ts'
import { createRedisCounters } from '../limits/redis-counters.ts'
import { createRedisConnection } from '../queue/redis/connection.ts'
import type { Logger } from '../runtime/logger.ts'

/** A request waits for its limits no longer than this, when a server that was there does not answer. */
const answerMsMax = 500

export function openCounters(config: Config, registry: Registry, logger: Logger): Counters {
  const insurance = createMemoryCounters(memoryCountersDefault)
  const { redis, streams } = config
  if (redis === null) return insurance

  const insured = new Counter({
    name: 'sms_limits_insured_total',
    help: 'Countings against limits that were made in the process, because Redis did not answer.',
    registers: [registry],
  })
  const connection = createRedisConnection({
    endpoint: {
      host: redis.host,
      port: redis.port,
      ...(redis.password === null ? {} : { password: redis.password }),
      commandTimeoutMs: Math.min(redis.commandTimeoutMs, answerMsMax),
    },
    name: 'sms-gateway-limits',
    blockMsMax: 0,
    isPipelined: true,
  })
  return createInsuredCounters({
    // Installations that share a server have other streams, and so other counters.
    shared: createRedisCounters({ connection, keyPrefix: `${streams.normal}:limits` }),
    insurance,
    onChange(isShared, error) {
      if (isShared) logger.info({ event: 'limits.shared' })
      else {
        const reason = error instanceof Error ? error.message : String(error)
        logger.warn({ event: 'limits.in_process', reason })
      }
    },
    onInsured: (count) => insured.inc(count),
  })
}

/** Of the configuration, for customers that have no limits of their own. */
export function trafficDefaults({ limits, pumpingGuard }: Config): TrafficDefaults {
  return {
    limits: {
      messages_per_second: limits.messagesPerSecond ?? undefined,
      burst_s: limits.burstS ?? undefined,
      messages_per_day: limits.messagesPerDay ?? undefined,
      messages_per_second_per_key: limits.messagesPerSecondPerKey ?? undefined,
    },
    guard: {
      window_s: pumpingGuard.windowS ?? undefined,
      prefix_digits: pumpingGuard.prefixDigits ?? undefined,
      messages_per_prefix_max: pumpingGuard.messagesPerPrefixMax ?? undefined,
      messages_per_range_max: pumpingGuard.messagesPerRangeMax ?? undefined,
      messages_per_recipient_max: pumpingGuard.messagesPerRecipientMax ?? undefined,
    },
  }
}
