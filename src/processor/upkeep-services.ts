/** Chores that have no hurry: partitions ahead and retention behind, and the gauges that need a question to a server. */
import { lanes } from '../domain/message.ts'
import { providerModes } from '../domain/provider-mode.ts'
import type { ProviderPool } from '../providers/provider-pool.ts'
import type { Queue } from '../queue/queue.ts'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Permits } from '../runtime/permits.ts'
import type { Service } from '../runtime/service.ts'
import type { Store } from '../store/store.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'

export interface UpkeepOptions {
  readonly store: Pick<
    Store,
    | 'createPartitions'
    | 'dropPartitions'
    | 'measureDeadLetters'
    | 'measureParkedReports'
    | 'removeOldKeys'
  >
  readonly queue: Pick<Queue, 'depth'>
  readonly pool: Pick<ProviderPool, 'status'>
  readonly permits: Permits
  readonly partitionsAheadDays: number
  readonly retentionDays: number
  readonly metrics: ProcessorMetrics
  readonly logger: Logger
}

const partitionsIntervalMs = 600_000
const gaugesIntervalMs = 1_000
const oldKeysIntervalMs = 60_000
/** Counting takes as long as there is something to count. */
const waitingIntervalMs = 10_000
const circuitStates = ['closed', 'open', 'half_open'] as const

export function createUpkeepServices(options: UpkeepOptions): Service[] {
  const { store, queue, pool, permits, metrics, logger } = options

  async function keepPartitions(signal: AbortSignal): Promise<undefined> {
    await store.createPartitions(options.partitionsAheadDays)
    const { dropped, failures } = await store.dropPartitions(options.retentionDays, signal)
    for (const partition of dropped) logger.info({ event: 'partition.dropped', partition })
    for (const error of failures) logger.warn({ event: 'partition.not_dropped', err: error })
    return undefined
  }

  /** Step by step, until none is left. */
  async function forgetOldKeys(signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted && (await store.removeOldKeys()) > 0);
    return undefined
  }

  async function measure(): Promise<undefined> {
    for (const lane of lanes) {
      const depth = await queue.depth(lane)
      metrics.queueDepth.set({ lane }, depth.total)
      metrics.queuePending.set({ lane }, depth.pending)
      metrics.oldestWaiting.set({ lane }, Math.max(0, depth.oldestAgeMs ?? 0) / 1_000)
    }
    return undefined
  }

  /** What waits for somebody to look at it, or for its message. */
  async function measureWaiting(): Promise<undefined> {
    const letters = await store.measureDeadLetters()
    metrics.deadLetters.set(letters.count)
    metrics.deadLettersOldest.set(letters.oldestAgeMs / 1_000)
    const parked = await store.measureParkedReports()
    metrics.parkedReports.set(parked.count)
    metrics.parkedReportsOldest.set(parked.oldestAgeMs / 1_000)
    return undefined
  }

  function permitsAndProviders(): void {
    metrics.permitsInUse.set(permits.inUse)
    // A provider that was removed shall not be shown for ever as it was last.
    for (const gauge of [metrics.providerInFlight, metrics.circuitState, metrics.providerMode]) {
      gauge.reset()
    }
    for (const { name, mode, circuit, inFlight } of pool.status()) {
      // One that was removed and has come back has two entries while something is under way at the first.
      metrics.providerInFlight.inc({ provider: name }, inFlight)
      for (const each of providerModes) {
        metrics.providerMode.set({ provider: name, mode: each }, each === mode ? 1 : 0)
      }
      for (const state of circuitStates) {
        metrics.circuitState.set({ provider: name, state }, state === circuit ? 1 : 0)
      }
    }
  }

  metrics.measureWith(permitsAndProviders)
  return [
    createPeriodic({
      name: 'partitions',
      intervalMs: partitionsIntervalMs,
      run: keepPartitions,
      onError: (error) => logger.warn({ event: 'partitions.failed', err: error }),
    }),
    createPeriodic({
      name: 'idempotency keys',
      intervalMs: oldKeysIntervalMs,
      run: forgetOldKeys,
      onError: (error) => logger.warn({ event: 'idempotency_keys.failed', err: error }),
    }),
    createPeriodic({
      name: 'gauges',
      intervalMs: gaugesIntervalMs,
      run: measure,
      onError: (error) => logger.debug({ event: 'gauges.failed', err: error }),
    }),
    createPeriodic({
      name: 'dead letters and parked reports',
      intervalMs: waitingIntervalMs,
      run: measureWaiting,
      onError: (error) => logger.debug({ event: 'gauges.failed', err: error }),
    }),
  ]
}
