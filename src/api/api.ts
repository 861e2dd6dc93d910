/**
 * The HTTP API as one function from a request to an answer. Whoever serves it owns the socket; see `apiServeOptions`.
 */

import type { Lane } from '../domain/message.ts'
import { createOutstandingByLane } from '../domain/outstanding.ts'
import { parkedReportsMax } from '../domain/provider-report.ts'
import type { QueueDepth } from '../queue/queue.ts'
import { createAcceptance } from './acceptance.ts'
import { accountRoutes } from './account-routes.ts'
import { createAddressCheck } from './address-of-submit.ts'
import { createAdmission, laneRefusal } from './admission.ts'
import { createApiMetrics } from './api-metrics.ts'
import type { ApiOptions } from './api-options.ts'
import { auditRoutes } from './audit-routes.ts'
import { batchBytesMax, batchRoute } from './batch-route.ts'
import { bodyReadsDefault, createBodyReads } from './body-reads.ts'
import { createAccess } from './caller.ts'
import { createConsole } from './console/console.ts'
import { customerCheck } from './customer-of-submit.ts'
import { createCustomerProfiles } from './customer-profiles.ts'
import { customerRoutes } from './customer-routes.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { docsRedirects, docsRoutes } from './docs/docs-routes.ts'
import { createEdge } from './edge.ts'
import { erasureRoutes } from './erasure-routes.ts'
import { createOnce } from './idempotency.ts'
import { createInbound } from './inbound.ts'
import { createKeyCache } from './key-cache.ts'
import { createKeyUses } from './key-uses.ts'
import { messageRoutes } from './message-routes.ts'
import { createOpenApiDocument } from './openapi/openapi.ts'
import { createParking } from './parking.ts'
import { previewRoute } from './preview-route.ts'
import { createPriceLists } from './price-lists.ts'
import { priceCheck } from './price-of-submit.ts'
import { providerRoutes } from './provider-routes.ts'
import { createPumpingAlarm } from './pumping-alarm.ts'
import { createRefusedReports } from './refused-reports.ts'
import { createReportIntake } from './report-intake.ts'
import { reportRoute } from './report-routes.ts'
import { createReadJson } from './request-body.ts'
import type { Exchange, Route } from './route.ts'
import { routingChecks } from './routing-of-submit.ts'
import { routingRoutes } from './routing-routes.ts'
import { serviceRoutes } from './service-routes.ts'
import { createSubmitChecks } from './submit-checks.ts'
import { submitRoutes } from './submit-routes.ts'
import { textCheck } from './text-of-submit.ts'
import { timingCheck } from './timing-of-submit.ts'
import { createTrafficControl } from './traffic-control.ts'
import { webhookDeliveryRoutes } from './webhook-delivery-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

export interface Api {
  /** What is served, but for the console and the redirections to the documentation. */
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
    tracing: options.tracing,
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
    tracing: options.tracing,
  })
  const readJson = createReadJson(createBodyReads(bodyReadsDefault))
  const keys = createKeyCache(options.customers, clock)
  const keyUses = createKeyUses(options.customers, clock)
  const access = createAccess({
    keys,
    adminToken: options.adminToken,
    classify,
    onUse: keyUses.note,
  })
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
      ...routingChecks(options.routes),
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
    ...routingRoutes({
      ...options,
      ...adminOptions,
      addressCheck,
      store: { ...options.customers, ...options.providerControls },
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
    ...webhookDeliveryRoutes({
      ...adminOptions,
      store: options.webhooks,
      queries: store.queries,
    }),
    ...customerRoutes({ ...adminOptions, store: options.customers }),
    ...accountRoutes({ ...adminOptions, store: options.accounts }),
    ...deadLetterRoutes({
      ...adminOptions,
      store: options.deadLetters,
      metrics,
      validityMs: options.validityMs,
      replayAgeMsMax: options.replayAgeMsMax,
    }),
    ...erasureRoutes({ ...adminOptions, store: options.privacy }),
    ...auditRoutes({ ...adminOptions, store: options.privacy }),
    ...serviceRoutes({
      readiness: options.readiness,
      metricsText: options.metricsText,
      metricsContentType: options.registry.contentType,
      openApiJson: onlyOnce(() => JSON.stringify(createOpenApiDocument(options.version))),
    }),
    ...docsRoutes(),
  ]
  const console =
    options.console === null
      ? null
      : createConsole({
          ...options,
          ...options.console,
          routes,
          access,
          keys,
          readJson,
          classify,
        })
  void console?.start()
  void admission.start()
  void parking.start()
  void keyUses.start()

  async function measureDepth(lane: Lane): Promise<QueueDepth> {
    const askedAtMs = clock.monotonicMs()
    const depth = await queue.depth(lane)
    outstanding[lane].measured(depth.shareAgesMs, askedAtMs)
    return depth
  }

  const { isStopping } = options
  const edge = createEdge({
    routes: [...routes, ...(console?.routes ?? []), ...docsRedirects],
    metrics,
    logger,
    clock,
    isStopping,
    tracing: options.tracing,
  })
  return {
    routes,
    fetch: edge.fetch,
    turnAway() {
      console?.turnAway()
      edge.turnAway()
    },
    async close() {
      await console?.stop()
      await Promise.all([admission.stop(), parking.stop(), keyUses.stop()])
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
