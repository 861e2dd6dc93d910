/**
 * The HTTP API as one function from a request to an answer. Whoever serves it owns the socket; see `apiServeOptions`.
 */
import type { Lane } from '../domain/message.ts'
import type { NumberSettings } from '../domain/number-rules.ts'
import { createOutstandingByLane } from '../domain/outstanding.ts'
import { parkedReportsMax } from '../domain/provider-report.ts'
import type { TrafficDefaults } from '../domain/traffic-limits.ts'
import type { Counters } from '../limits/counters.ts'
import type { Queue, QueueDepth } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'
import { createAcceptance } from './acceptance.ts'
import { type AccountRoutesOptions, accountRoutes } from './account-routes.ts'
import { createAddressCheck } from './address-of-submit.ts'
import { createAdmission, laneRefusal } from './admission.ts'
import { createApiMetrics } from './api-metrics.ts'
import { batchBytesMax, batchRoute } from './batch-route.ts'
import { bodyReadsDefault, createBodyReads } from './body-reads.ts'
import { createAccess } from './caller.ts'
import { customerCheck } from './customer-of-submit.ts'
import { createCustomerProfiles } from './customer-profiles.ts'
import { type CustomerRoutesOptions, customerRoutes } from './customer-routes.ts'
import { type DeadLetterRoutesOptions, deadLetterRoutes } from './dead-letter-routes.ts'
import { docsRedirects, docsRoutes } from './docs/docs-routes.ts'
import { createEdge } from './edge.ts'
import { createOnce } from './idempotency.ts'
import { createInbound, type InboundStore } from './inbound.ts'
import { createKeyCache } from './key-cache.ts'
import { messageRoutes } from './message-routes.ts'
import { createOpenApiDocument } from './openapi/openapi.ts'
import { createParking } from './parking.ts'
import { previewRoute } from './preview-route.ts'
import { createPriceLists } from './price-lists.ts'
import { priceCheck } from './price-of-submit.ts'
import { type ProviderRoutesOptions, providerRoutes } from './provider-routes.ts'
import { createPumpingAlarm } from './pumping-alarm.ts'
import { createRefusedReports } from './refused-reports.ts'
import { createReportIntake } from './report-intake.ts'
import { type ProviderSecret, reportRoute } from './report-routes.ts'
import { createReadJson } from './request-body.ts'
import type { Exchange, Route } from './route.ts'
import { type Readiness, serviceRoutes } from './service-routes.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'
import { createSubmitChecks } from './submit-checks.ts'
import { submitRoutes } from './submit-routes.ts'
import { type TextRules, textCheck } from './text-of-submit.ts'
import { timingCheck } from './timing-of-submit.ts'
import { createTrafficControl } from './traffic-control.ts'
import {
  type WebhookDeliveryRoutesOptions,
  webhookDeliveryRoutes,
} from './webhook-delivery-routes.ts'
import { type WebhookRoutesOptions, webhookRoutes } from './webhook-routes.ts'

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
    | 'insertKeyed'
    | 'insertCharged'
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
      | 'findCustomerProfiles'
      | 'findPriceLists'
      | 'findPriceListVersions'
    >
  readonly inbound: InboundStore
  readonly providerControls: ProviderRoutesOptions['store']
  readonly webhooks: WebhookRoutesOptions['store'] & WebhookDeliveryRoutesOptions['store']
  /** Where webhooks may be sent. */
  readonly webhookUrls: WebhookRoutesOptions['urlRules']
  readonly queue: Pick<Queue, 'append' | 'depth'>
  /** What an error of the store means (`src/store/database-errors.ts`). */
  readonly databaseErrorKind: ClassifyDatabaseError
  /** Asked at every request, because providers are reloaded. */
  readonly providerSecret: ProviderSecret
  /** The same. */
  readonly providers: ProviderRoutesOptions['providers']
  /** May do everything. Null: nobody has it. */
  readonly adminToken: string | null
  readonly logger: Logger
  readonly registry: Registry
  readonly clock: Clock
  readonly limits: ApiLimits
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
  /** The metrics of this process, or of all that serve with it. */
  readonly metricsText: () => Promise<string>
  /** Asked at every answer: one that is given while stopping is the last on its connection. */
  readonly isStopping: () => boolean
  /** Of the product, for the OpenAPI document. */
  readonly version: string
}

export interface Api {
  /** What is served, but for the redirections to the documentation. */
  readonly routes: readonly Pick<Route, 'method' | 'path'>[]
  /** Never throws and never rejects. */
  fetch(request: Request, peerAddress: Exchange['peerAddress']): Response | Promise<Response>
  /** From now on requests are answered 503, but for those of whoever runs the service. */
  turnAway(): void
  /** Call it when no more requests come: what was taken is stored, and the background work stops. */
  close(): Promise<void>
}

/** For `Bun.serve`. */
export const apiServeOptions = {
  /**
   * Above the largest body a route takes, so that the route itself refuses what is too large, in words. Only a body far beyond
   * that is cut off by the server.
   */
  maxRequestBodySize: 2 * batchBytesMax,
  /** Seconds a connection may be idle: longer than the proxies in front keep theirs. */
  idleTimeout: 75,
} as const

/** Builds the API; its measuring of the queues and of the parked reports begins at once. */
export function createApi(options: ApiOptions): Api {
  const { store, queue, clock, logger, limits, databaseErrorKind: classify } = options
  const metrics = createApiMetrics(options.registry)
  const outstanding = createOutstandingByLane()
  const admission = createAdmission({ depth: measureDepth }, limits.queueDepthMax)
  const acceptance = createAcceptance({
    store,
    queue,
    outstanding,
    classify,
    metrics,
    logger,
    clock,
    acceptInFlightMax: limits.acceptInFlightMax,
    validityMs: options.validityMs,
    senderIdDefault: options.senderIdDefault,
  })
  const { reportMatchWindowMs } = options
  const parking = createParking(store, parkedReportsMax)
  const intake = createReportIntake({
    store,
    classify,
    metrics,
    clock,
    reportMatchWindowMs,
    mayPark: parking.hasRoom,
  })
  const readJson = createReadJson(createBodyReads(bodyReadsDefault))
  const keys = createKeyCache(options.customers, clock)
  const access = createAccess({ keys, adminToken: options.adminToken, classify })
  const once = createOnce(acceptance, metrics)
  const priceLists = createPriceLists(options.customers, clock)
  const profiles = createCustomerProfiles(options.customers, priceLists, clock)
  const traffic = createTrafficControl({
    counters: options.counters,
    defaults: options.traffic,
    alarm: createPumpingAlarm(options.registry, logger, clock),
    clock,
  })
  const addressCheck = createAddressCheck(options.numbers)
  const inbound = createInbound({
    ...options,
    store: options.inbound,
    access,
    readJson,
    profiles,
    classify,
    providers: options.providers().map(({ name }) => name),
  })
  const checks = createSubmitChecks({
    profiles,
    addressCheck,
    checks: [
      customerCheck,
      textCheck(options.text),
      timingCheck({ validityMs: options.validityMs }, clock),
      priceCheck,
    ],
    // What is counted comes last, so that nothing is counted that is refused anyway.
    refusals: [laneRefusal(admission), inbound.refusal, traffic.refusal],
  })
  const submitOptions = {
    access,
    readJson,
    checks,
    acceptance,
    once,
    admission,
    classify,
    metrics,
    clock,
  }
  const adminOptions = { readJson, access, classify, logger }

  const routes: Route[] = [
    ...submitRoutes(submitOptions),
    batchRoute(submitOptions),
    previewRoute({ access, readJson, text: options.text, profiles, addressCheck, classify }),
    ...messageRoutes({ access, queries: store.queries, store, classify }),
    ...providerRoutes({
      ...adminOptions,
      providers: options.providers,
      store: options.providerControls,
    }),
    reportRoute({
      readJson,
      providerSecret: options.providerSecret,
      onRefused: createRefusedReports(
        metrics,
        logger,
        clock,
        options.providers().map(({ name }) => name),
      ),
      intake,
      classify,
    }),
    ...inbound.routes,
    ...webhookRoutes({
      ...adminOptions,
      store: options.webhooks,
      profiles,
      urlRules: options.webhookUrls,
    }),
    ...webhookDeliveryRoutes({ ...adminOptions, store: options.webhooks }),
    ...customerRoutes({ ...adminOptions, store: options.customers }),
    ...accountRoutes({ ...adminOptions, store: options.accounts }),
    ...deadLetterRoutes({
      ...adminOptions,
      store: options.deadLetters,
      metrics,
      validityMs: options.validityMs,
      replayAgeMsMax: options.replayAgeMsMax,
    }),
    ...serviceRoutes({
      readiness: options.readiness,
      metricsText: options.metricsText,
      metricsContentType: options.registry.contentType,
      openApiJson: onlyOnce(() => JSON.stringify(createOpenApiDocument(options.version))),
    }),
    ...docsRoutes(),
  ]
  void admission.start()
  void parking.start()

  async function measureDepth(lane: Lane): Promise<QueueDepth> {
    const askedAtMs = clock.monotonicMs()
    const depth = await queue.depth(lane)
    outstanding[lane].measured(depth.shareAgesMs, askedAtMs)
    return depth
  }

  const { isStopping } = options
  return {
    routes,
    ...createEdge({ routes: [...routes, ...docsRedirects], metrics, logger, clock, isStopping }),
    async close() {
      await Promise.all([admission.stop(), parking.stop()])
      await Promise.all([acceptance.close(), intake.close(), keys.close()])
      await Promise.all([profiles.close(), priceLists.close()])
      await traffic.close()
      await inbound.close()
    },
  }
}

function onlyOnce<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
