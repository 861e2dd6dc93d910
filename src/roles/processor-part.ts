/** The processor joined to its adapters, as a service. */

import type { Config } from '../config/config.ts'
import { createInboundServices } from '../processor/inbound-services.ts'
import { createProcessor } from '../processor/processor.ts'
import { createProcessorMetrics } from '../processor/processor-metrics.ts'
import { createHttpDriver } from '../providers/http/http-driver.ts'
import { createProviderPool } from '../providers/provider-pool.ts'
import type { Queue } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Service } from '../runtime/service.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { databaseErrorKind } from '../store/database-errors.ts'
import type { Store } from '../store/store.ts'
import type { ProviderSource } from './provider-source.ts'
import { createWebhookPart } from './webhook-part.ts'

export interface ProcessorPartOptions {
  readonly config: Config
  readonly providers: ProviderSource
  readonly store: Store
  readonly queue: Queue
  readonly registry: Registry
  readonly logger: Logger
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** A message whose day is dropped already is the fault of that message too, and must not keep the others from being recorded. */
function isDataFault(error: unknown): boolean {
  const kind = databaseErrorKind(error)
  return kind === 'data' || kind === 'partition_missing'
}

export function createProcessorPart(options: ProcessorPartOptions): Service {
  const { config, providers } = options
  const { processing } = config
  const pool = createProviderPool({
    providers: providers.current,
    circuit: config.circuit,
    createDriver: (settings) =>
      createHttpDriver({
        settings,
        callbackUrl: `${config.publicUrl}/api/v1/providers/${settings.name}/delivery-reports`,
      }),
    clock: systemClock,
    random: Math.random,
  })
  providers.onChange(pool.change)
  const processor = createProcessor({
    isDataFault,
    ...processing,
    validityMs: config.accept.messageValidityMs,
    store: options.store,
    queue: options.queue,
    pool,
    consumer: `${process.pid}-${crypto.randomUUID().slice(0, 8)}`,
    retry: {
      attemptsMax: processing.retryAttemptsMax,
      backoffBaseMs: processing.retryBackoffBaseMs,
      backoffMsMax: processing.retryBackoffMsMax,
    },
    senderIdDefault: config.accept.senderIdDefault,
    metrics: createProcessorMetrics(options.registry),
    logger: options.logger,
    clock: systemClock,
    random: Math.random,
    tracing: options.tracing,
  })
  const others = [
    createWebhookPart(options),
    ...createInboundServices({
      ...options,
      partsTimeoutMs: processing.inboundPartsTimeoutMs,
      retentionDays: processing.retentionDays,
    }),
  ]
  return {
    name: 'processor',
    async start() {
      for (const service of [processor, ...others]) await service.start()
    },
    async stop() {
      await Promise.all([processor, ...others].map((service) => service.stop()))
      await pool.close()
    },
  }
}
