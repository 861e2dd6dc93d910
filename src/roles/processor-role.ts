/** `sms-gateway processor` */
import type { Environment } from '../config/config.ts'
import { isRedisRefusal } from '../queue/redis/errors.ts'
import { queueService } from './api-role.ts'
import { createHttpListener } from './http-listener.ts'
import { openFigures } from './open-figures.ts'
import { openQueue } from './open-queue.ts'
import { databaseFor, openStore } from './open-store.ts'
import { createProcessorPart } from './processor-part.ts'
import { reloadedProviders } from './provider-source.ts'
import { createReadiness } from './readiness.ts'
import { requireServers, startContext } from './role-context.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import {
  createStatusRoutes,
  statusBodyBytesMax,
  statusIdleSeconds,
  statusStopGraceMs,
} from './status-routes.ts'
import { stopping } from './stopping.ts'
import { connectToSupervisor } from './supervised-child.ts'

export async function runProcessor(environment: Environment): Promise<number> {
  const { config, log, registry, tracing } = startContext(environment, 'processor')
  const { logger } = log
  const providers = reloadedProviders(environment, 'processor', config, logger)
  const database = databaseFor(config, 'processor')
  const queue = openQueue(config, registry, logger)
  const redisName = `Redis at ${config.redis?.host}:${config.redis?.port}`
  await requireServers(config, database, [
    { name: redisName, ping: () => queue.ping(), isRefusal: isRedisRefusal },
  ])
  const { store, service: databaseService } = openStore(database, config, registry, logger)
  const readiness = createReadiness({ postgres: () => store.ping(), redis: () => queue.ping() })
  const supervised = connectToSupervisor(registry)
  const figures = openFigures(config, 'processor', registry, logger)
  const processor = createProcessorPart({
    config,
    providers,
    store,
    queue,
    registry,
    logger,
    tracing: tracing.tracing,
  })
  const status = createHttpListener({
    name: 'metrics',
    setting: 'METRICS_ADDR',
    address: config.metricsAddress,
    fetch: createStatusRoutes({
      readiness,
      metricsText: () => registry.metrics(),
      metricsContentType: registry.contentType,
    }),
    maxRequestBodyBytes: statusBodyBytesMax,
    idleTimeoutSeconds: statusIdleSeconds,
    reusePort: false,
    stopGraceMs: statusStopGraceMs,
  })
  return await runUntilStopped({
    // The supervisor serves the metrics of its children.
    services: [
      tracing.service,
      databaseService,
      queueService(queue),
      ...(supervised === null ? [status] : []),
      figures.service,
      processor,
    ],
    log,
    ...stopping(config, readiness),
    onStarted: () => supervised?.started(),
  })
}
