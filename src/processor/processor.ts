/**
 * The processor: queue consumers and the chores around them, put together. Stop order: reading stops, what is under way ends
 * (or is aborted when the grace time is over), then the recorder writes what is gathered.
 */
import { lanes } from '../domain/message.ts'
import type { RetrySchedule } from '../domain/retry-schedule.ts'
import type { ProviderPool } from '../providers/provider-pool.ts'
import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { createPermits } from '../runtime/permits.ts'
import type { Service } from '../runtime/service.ts'
import type { Tracing } from '../runtime/tracing.ts'
import type { Store } from '../store/store.ts'
import { createCustomerRouting } from './customer-routing.ts'
import { createDispatcher } from './dispatcher.ts'
import { createFetcher } from './fetcher.ts'
import { createMessageRouting } from './message-routing.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'
import { createProviderModes } from './provider-modes.ts'
import { createRecorder } from './recorder.ts'
import { createRecoveryServices } from './recovery-services.ts'
import { createRedactionServices } from './redaction-services.ts'
import { createRoutePlaces } from './route-places.ts'
import { createUpkeepServices } from './upkeep-services.ts'

export interface ProcessorOptions {
  readonly store: Store
  readonly queue: Queue
  readonly pool: ProviderPool
  /** Names this process among the consumers; new at every start. */
  readonly consumer: string
  readonly permitsMax: number
  readonly permitsExpressReserved: number
  readonly retry: RetrySchedule
  readonly claimLeaseMs: number
  /** Failing over within one claim ends after this time. */
  readonly roundMsMax: number
  readonly reportTimeoutMs: number
  readonly promoteIntervalMs: number
  readonly sweepIntervalMs: number
  readonly sweepGraceMs: number
  /** For this long after its acceptance a message may be sent. */
  readonly validityMs: number
  readonly reclaimIdleMs: number
  readonly partitionsAheadDays: number
  readonly retentionDays: number
  readonly senderIdDefault: string | null
  /** How long messages under way may take to end when stopping. */
  readonly stopGraceMs: number
  /** Whether PostgreSQL refuses a value in the statement, so that trying again cannot help. */
  readonly isDataFault: (error: unknown) => boolean
  readonly metrics: ProcessorMetrics
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** After the grace time, what was aborted gets this long to be recorded. */
export const recordMsMax = 5_000

/** The share of the permits that messages may hold while they wait for one provider of theirs. */
const waitingShare = 0.5

export function createProcessor(options: ProcessorOptions): Service {
  const { store, queue, pool, metrics, logger, clock } = options
  const placing = new AbortController()
  const work = new AbortController()
  const recording = new AbortController()
  const permits = createPermits({
    max: options.permitsMax,
    reservedMax: options.permitsExpressReserved,
  })
  const recorder = createRecorder({
    store,
    queue,
    reportTimeoutMs: options.reportTimeoutMs,
    metrics,
    logger,
    isDataFault: options.isDataFault,
    tracing: options.tracing,
    recordSignal: recording.signal,
  })
  const customers = createCustomerRouting({ store, logger, clock })
  const dispatcher = createDispatcher({
    ...options,
    routing: createMessageRouting({
      pool,
      customers,
      places: createRoutePlaces({
        pool,
        waitingMax: Math.ceil(options.permitsMax * waitingShare),
        clock,
      }),
      findMsMax: options.roundMsMax / 2,
      metrics,
      logger,
      clock,
    }),
    recorder,
    permits,
    placeSignal: placing.signal,
    workSignal: work.signal,
  })
  const fetchers = lanes.map((lane) =>
    createFetcher({
      lane,
      consumer: options.consumer,
      queue,
      pool,
      permits,
      dispatcher,
      logger,
      clock,
    }),
  )
  const chores = [
    createProviderModes(options),
    customers,
    ...createRecoveryServices({
      ...options,
      attemptsMax: options.retry.attemptsMax,
      permits,
      dispatcher,
    }),
    ...createUpkeepServices({ ...options, permits }),
    ...createRedactionServices(options),
  ]

  return {
    name: 'processor',
    async start() {
      for (const service of [...chores, ...fetchers]) await service.start()
    },
    async stop() {
      placing.abort()
      const grace = setTimeout(() => work.abort(), options.stopGraceMs)
      const last = setTimeout(() => recording.abort(), options.stopGraceMs + recordMsMax)
      await Promise.all([...fetchers, ...chores].map((service) => service.stop()))
      await dispatcher.idle()
      clearTimeout(grace)
      await dispatcher.close()
      await customers.close()
      await recorder.close()
      clearTimeout(last)
    },
  }
}
