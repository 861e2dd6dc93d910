/** `sms-gateway api` */
import type { Environment } from '../config/config.ts'
import { createApiPart } from './api-part.ts'
import { openCounters } from './open-counters.ts'
import { consoleSettings, openFigures } from './open-figures.ts'
import { openQueue } from './open-queue.ts'
import { databaseFor, openStore } from './open-store.ts'
import { reloadedProviders } from './provider-source.ts'
import { createReadiness } from './readiness.ts'
import { requireServers, startContext } from './role-context.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { stopping } from './stopping.ts'
import { connectToSupervisor } from './supervised-child.ts'

export async function runApi(environment: Environment): Promise<number> {
  const { config, log, registry, tracing } = startContext(environment, 'api')
  const { logger } = log
  const providers = reloadedProviders(environment, 'api', config, logger)
  const database = databaseFor(config, 'api')
  // Redis is not waited for: without it messages are accepted all the same, and sent when it is back.
  await requireServers(config, database, [])
  const queue = openQueue(config, registry, logger)
  const { store, service: databaseService } = openStore(database, config, registry, logger)
  const readiness = createReadiness({ postgres: () => store.ping() }, { redis: () => queue.ping() })
  if (!(await store.hasApiKeys())) {
    logger.warn({
      event: 'api.keyless',
      warning: 'there is no API key: only this machine is served',
    })
  }
  const supervised = connectToSupervisor(registry)
  const figures = openFigures(config, 'api', registry, logger)
  const api = createApiPart({
    config,
    providers,
    store,
    queue,
    counters: openCounters(config, registry, logger),
    registry,
    logger,
    readiness,
    metricsText: () => supervised?.metricsText() ?? registry.metrics(),
    reusePort: supervised !== null,
    tracing: tracing.tracing,
    console: consoleSettings(environment, 'api', config, figures.board),
  })
  return await runUntilStopped({
    services: [tracing.service, databaseService, queueService(queue), figures.service, api],
    log,
    ...stopping(config, readiness),
    onStarted: () => {
      logger.info({ event: 'api.listening', url: api.url })
      supervised?.started()
    },
  })
}

/** Closes the queue's connections when everything that uses them has stopped. */
export function queueService(queue: { close(): Promise<void> }) {
  return { name: 'queue', start: async () => undefined, stop: () => queue.close() }
}
