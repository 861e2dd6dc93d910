/** The gateway's own processes, made of the product's own parts, between simulated servers. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { type Acceptance, createAcceptance } from '../../src/api/acceptance.ts'
import { createApiMetrics } from '../../src/api/api-metrics.ts'
import { createReportIntake, type ReportIntake } from '../../src/api/report-intake.ts'
import { shareCounts } from '../../src/domain/fair-share.ts'
import { createProcessor } from '../../src/processor/processor.ts'
import { createProcessorMetrics } from '../../src/processor/processor-metrics.ts'
import { createProviderPool } from '../../src/providers/provider-pool.ts'
import type { Queue } from '../../src/queue/queue.ts'
import type { Service } from '../../src/runtime/service.ts'
import { databaseErrorKind } from '../../src/store/database-errors.ts'
import type { Store } from '../../src/store/store.ts'
import type { SimulatedProcess } from './simulated-network.ts'
import type { SimulatedProvider } from './simulated-provider.ts'
import type { SimulatedRoutes } from './simulated-routes.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Times of the simulated gateway: those of a real one, in the same proportions, and shorter. */
export const settings = {
  validityMs: 240_000,
  statementTimeoutMs: 5_000,
  sweepGraceMs: 8_000,
  claimLeaseMs: 20_000,
  roundMsMax: 10_000,
  reclaimIdleMs: 25_000,
  reportTimeoutMs: 40_000,
  providerTimeoutMs: 3_000,
  retry: { attemptsMax: 6, backoffBaseMs: 300, backoffMsMax: 5_000 },
  stopGraceMs: 5_000,
} as const

export interface ProcessOptions {
  readonly process: SimulatedProcess
  readonly store: Store
  readonly queue: Queue
  readonly time: VirtualTime
}

export interface SimulatedApi {
  readonly acceptance: Acceptance
  readonly intake: ReportIntake
}

const logger = pino({ level: 'silent' })

export function startApi({ store, queue, time }: ProcessOptions): SimulatedApi {
  const metrics = createApiMetrics(new Registry())
  const common = {
    store,
    classify: databaseErrorKind,
    metrics,
    clock: time.clock,
    tracing: null,
  }
  /** A share costs fairness, never a message: every promise holds whichever it is. */
  const anyShare = () => Math.floor(time.random() * shareCounts.normal)
  return {
    acceptance: createAcceptance({
      ...common,
      queue,
      outstanding: {
        normal: { place: anyShare, measured: () => undefined },
        express: { place: () => 0, measured: () => undefined },
      },
      logger,
      acceptInFlightMax: 10_000,
      validityMs: settings.validityMs,
      senderIdDefault: null,
    }),
    intake: createReportIntake({
      ...common,
      reportMatchWindowMs: 86_400_000,
      mayPark: () => true,
    }),
  }
}

export interface SimulatedProcessor extends Service {
  permitsInUse(): Promise<number>
}

export async function startProcessor(
  { process, store, queue, time }: ProcessOptions,
  providers: readonly SimulatedProvider[],
  policy: 'resend' | 'unknown',
  sweepGraceMs: number,
  routes: SimulatedRoutes,
): Promise<SimulatedProcessor> {
  const metrics = createProcessorMetrics(new Registry())
  const pool = createProviderPool({
    providers: providers.map(({ name }, place) => ({
      name,
      url: '',
      weight: 1,
      secret: null,
      inDoubt: policy,
      timeoutMs: settings.providerTimeoutMs,
      concurrencyMax: 8,
      ratePerSecondMax: null,
      prefixes: routes.prefixes[place] ?? null,
      prefixesDenied: null,
      cost: null,
      costs: null,
      priority: 1,
    })),
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 5,
      openMs: 1_000,
      openMsMax: 8_000,
    },
    createDriver: ({ name }) => {
      const provider = providers.find((candidate) => candidate.name === name)
      if (provider === undefined) throw new Error(`there is no ${name}`)
      return provider.driver(process)
    },
    clock: time.clock,
    random: time.random,
  })
  const processor = createProcessor({
    tracing: null,
    ...settings,
    store,
    queue,
    pool,
    consumer: process.name,
    permitsMax: 20,
    permitsExpressReserved: 4,
    promoteIntervalMs: 1_500,
    sweepIntervalMs: 3_000,
    sweepGraceMs,
    partitionsAheadDays: 0,
    retentionDays: 30,
    senderIdDefault: null,
    isDataFault: (error) => databaseErrorKind(error) === 'data',
    metrics,
    logger,
    clock: time.clock,
    random: time.random,
  })
  await processor.start()
  return {
    ...processor,
    async permitsInUse() {
      const { values } = await metrics.permitsInUse.get()
      return values[0]?.value ?? 0
    },
  }
}
