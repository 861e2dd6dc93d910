/** The API joined to its adapters, as a service. */
import { apiServeOptions, createApi } from '../api/api.ts'
import type { ConsoleSettings } from '../api/console/console.ts'
import type { Config } from '../config/config.ts'
import { configWarnings } from '../config/warnings.ts'
import type { NumberSettings } from '../domain/number-rules.ts'
import { reportMatchWindowMs } from '../domain/provider-report.ts'
import { compileRoutes } from '../domain/routing.ts'
import type { Counters } from '../limits/counters.ts'
import type { Queue } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import { pause } from '../runtime/notifier.ts'
import type { Service } from '../runtime/service.ts'
import { turnAwayMs } from '../runtime/stop-server.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { databaseErrorKind } from '../store/database-errors.ts'
import type { Store } from '../store/store.ts'
import { version } from './build-info.ts'
import { createHttpListener } from './http-listener.ts'
import { trafficDefaults } from './open-counters.ts'
import type { ProviderSource } from './provider-source.ts'
import type { Readiness } from './readiness.ts'
import { webhookUrlRules } from './webhook-part.ts'

export interface ApiPartOptions {
  readonly config: Config
  readonly providers: ProviderSource
  readonly store: Store
  readonly queue: Queue
  /** Closed by the part. */
  readonly counters: Counters
  readonly registry: Registry
  readonly logger: Logger
  readonly readiness: Readiness
  readonly metricsText: () => Promise<string>
  readonly reusePort: boolean
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
  /** Null: the console is off. */
  readonly console: Pick<ConsoleSettings, 'board' | 'opensLocally' | 'configuration'> | null
}

export interface ApiPart extends Service {
  readonly url: string
}

export const apiListener = { name: 'API', setting: 'APP_ADDR' }

export function createApiPart(options: ApiPartOptions): ApiPart {
  const { config, providers, readiness } = options
  const secretsOf = (source: ProviderSource['current']) =>
    new Map(source.map(({ name, secret }) => [name, secret]))
  let secrets = secretsOf(providers.current)
  let routes = compileRoutes(providers.current)
  const warn = (source: ProviderSource['current']) => {
    for (const warning of configWarnings({ providers: source })) {
      options.logger.warn({ event: 'config.warning', warning })
    }
  }
  warn(providers.current)
  providers.onChange((changed) => {
    secrets = secretsOf(changed)
    routes = compileRoutes(changed)
    warn(changed)
  })
  const api = createApi({
    store: options.store,
    deadLetters: options.store,
    customers: options.store,
    accounts: options.store,
    inbound: options.store,
    providerControls: options.store,
    webhooks: options.store,
    webhookUrls: webhookUrlRules(config),
    privacy: options.store,
    queue: options.queue,
    databaseErrorKind,
    providerSecret: (name) => secrets.get(name),
    providers: () => providers.current,
    routes: () => routes,
    adminToken: config.adminToken,
    logger: options.logger,
    registry: options.registry,
    clock: systemClock,
    limits: config.accept,
    validityMs: config.accept.messageValidityMs,
    replayAgeMsMax: config.processing.replayAgeMsMax,
    senderIdDefault: config.accept.senderIdDefault,
    counters: options.counters,
    traffic: trafficDefaults(config),
    text: {
      segmentsMax: config.accept.segmentsMax,
      smartEncodingDefault: config.accept.smartEncoding === 'on',
    },
    numbers: numberSettings(config),
    reportMatchWindowMs,
    readiness: () => readiness.check(),
    isStopping: () => readiness.isStopping,
    metricsText: options.metricsText,
    tracing: options.tracing,
    console: options.console === null ? null : { ...options.console, store: options.store },
    version,
  })
  const listener = createHttpListener({
    ...apiListener,
    address: config.appAddress,
    fetch: api.fetch,
    maxRequestBodyBytes: apiServeOptions.maxRequestBodySize,
    idleTimeoutSeconds: apiServeOptions.idleTimeout,
    reusePort: options.reusePort,
    stopGraceMs: config.processing.stopGraceMs,
  })
  return {
    name: 'API',
    get url() {
      return listener.url
    },
    start: () => listener.start(),
    async stop() {
      api.turnAway()
      await pause(turnAwayMs, new AbortController().signal)
      await listener.stop()
      await api.close()
    },
  }
}

/** Of everybody. */
export function numberSettings({ numbers }: Config): NumberSettings {
  return {
    region: numbers.defaultRegion ?? undefined,
    validity: numbers.validity,
    allow: numbers.allow ?? undefined,
    deny: numbers.deny ?? undefined,
    line_types_denied: numbers.lineTypesDenied ?? undefined,
  }
}
