/** The sending of webhooks joined to its adapters, as a service. */
import type { Config } from '../config/config.ts'
import type { WebhookUrlRules } from '../domain/webhook-url.ts'
import { recordMsMax } from '../processor/processor.ts'
import { createWebhookDeliveries } from '../processor/webhooks/webhook-deliveries.ts'
import { createWebhookMetrics } from '../processor/webhooks/webhook-metrics.ts'
import { createWebhookUpkeep } from '../processor/webhooks/webhook-upkeep.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Service } from '../runtime/service.ts'
import type { Tracing } from '../runtime/tracing.ts'
import type { Store } from '../store/store.ts'
import { createHttpSender } from '../webhooks/http-sender.ts'
import { version } from './build-info.ts'

export interface WebhookPartOptions {
  readonly config: Config
  readonly store: Store
  readonly registry: Registry
  readonly logger: Logger
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** Where webhooks may be sent: for whoever registers an endpoint, and for whoever sends. */
export function webhookUrlRules({ webhooks }: Config): WebhookUrlRules {
  return { plainHttp: webhooks.plainHttp === 'on', allowed: webhooks.allowedAddresses ?? [] }
}

export function createWebhookPart({
  config,
  store,
  registry,
  logger,
  tracing,
}: WebhookPartOptions): Service {
  const { webhooks } = config
  const metrics = createWebhookMetrics(registry)
  const shared = { store, metrics, logger, tracing }
  const services = [
    createWebhookDeliveries({
      ...shared,
      sender: createHttpSender({
        rules: webhookUrlRules(config),
        timeoutMs: webhooks.timeoutMs,
        version,
      }),
      concurrencyMax: webhooks.concurrencyMax,
      endpointConcurrencyMax: webhooks.endpointConcurrencyMax,
      timeoutMs: webhooks.timeoutMs,
      retryWaitsS: webhooks.retryScheduleS,
      disableAfterMs: webhooks.disableAfterMs,
      stopGraceMs: config.processing.stopGraceMs,
      recordMsMax,
      clock: systemClock,
      random: Math.random,
    }),
    ...createWebhookUpkeep({
      ...shared,
      retentionDays: webhooks.retentionDays,
      backlogMax: webhooks.backlogMax,
    }),
  ]
  return {
    name: 'webhooks',
    async start() {
      for (const service of services) await service.start()
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()))
    },
  }
}
