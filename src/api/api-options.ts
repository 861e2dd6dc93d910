/** What the API is made of; `roles/` joins it. */
import type { NumberSettings } from '../domain/number-rules.ts'
import type { RouteProvider, RouteTable } from '../domain/routing.ts'
import type { TrafficDefaults } from '../domain/traffic-limits.ts'
import type { Counters } from '../limits/counters.ts'
import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Tracing } from '../runtime/tracing.ts'
import type { Store } from '../store/store.ts'
import type { AccountRoutesOptions } from './account-routes.ts'
import type { AuditRoutesOptions } from './audit-routes.ts'
import type { ConsoleSettings } from './console/console.ts'
import type { CustomerRoutesOptions } from './customer-routes.ts'
import type { DeadLetterRoutesOptions } from './dead-letter-routes.ts'
import type { ErasureRoutesOptions } from './erasure-routes.ts'
import type { InboundStore } from './inbound.ts'
import type { ProviderRoutesOptions } from './provider-routes.ts'
import type { ProviderSecret } from './report-routes.ts'
import type { Readiness } from './service-routes.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'
import type { TextRules } from './text-of-submit.ts'
import type { WebhookDeliveryRoutesOptions } from './webhook-delivery-routes.ts'
import type { WebhookRoutesOptions } from './webhook-routes.ts'

export interface ApiLimits {
  /** While so many messages are being accepted, more are refused. */
  readonly acceptInFlightMax: number
  /** Messages a lane's queue may hold; while it holds more, the lane takes no new ones. */
  readonly queueDepthMax: number
}

export interface ApiOptions {
  readonly store: Pick<
    Store,
    | 'insertMessages'
    | 'insertRequests'
    | 'findKeyed'
    | 'cancelMessage'
    | 'queries'
    | 'applyReports'
    | 'measureParkedReports'
  >
  readonly deadLetters: DeadLetterRoutesOptions['store']
  readonly accounts: AccountRoutesOptions['store']
  readonly customers: CustomerRoutesOptions['store'] &
    Pick<
      Store,
      | 'findApiKeys'
      | 'hasApiKeys'
      | 'touchApiKeys'
      | 'findCustomerProfiles'
      | 'findPriceLists'
      | 'findPriceListVersions'
    >
  readonly inbound: InboundStore
  readonly providerControls: ProviderRoutesOptions['store']
  readonly webhooks: WebhookRoutesOptions['store'] & WebhookDeliveryRoutesOptions['store']
  /** Where webhooks may be sent. */
  readonly webhookUrls: WebhookRoutesOptions['urlRules']
  readonly privacy: ErasureRoutesOptions['store'] & AuditRoutesOptions['store']
  readonly queue: Pick<Queue, 'append' | 'depth'>
  /** What an error of the store means (`src/store/database-errors.ts`). */
  readonly databaseErrorKind: ClassifyDatabaseError
  /** Asked at every request, because providers are reloaded. */
  readonly providerSecret: ProviderSecret
  /** The same. */
  readonly providers: () => readonly RouteProvider[]
  /** The same: where they may be sent to. */
  readonly routes: () => RouteTable
  /** May do everything. Null: nobody has it. */
  readonly adminToken: string | null
  readonly logger: Logger
  readonly registry: Registry
  readonly clock: Clock
  readonly limits: ApiLimits
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
  /** How long a message may wait to be sent before it expires. */
  readonly validityMs: number
  /** Dead letters of messages older than this are not replayed. */
  readonly replayAgeMsMax: number
  readonly text: TextRules
  /** What the limits of customers are counted with. They are closed with the API. */
  readonly counters: Counters
  /** Limits of customers that have none of their own. */
  readonly traffic: TrafficDefaults
  /** Of recipients. Customers may have their own. */
  readonly numbers: NumberSettings
  /** For messages that name no sender. */
  readonly senderIdDefault: string | null
  /** Providers' reports are matched to messages accepted within this time. */
  readonly reportMatchWindowMs: number
  readonly readiness: () => Promise<Readiness>
  /** Null: there is none. */
  readonly console: ConsoleSettings | null
  /** The metrics of this process, or of all that serve with it. */
  readonly metricsText: () => Promise<string>
  /** Asked at every answer: one that is given while stopping is the last on its connection. */
  readonly isStopping: () => boolean
  /** Of the product, for the OpenAPI document. */
  readonly version: string
}
