/**
 * `sms-gateway standalone`: API, processor and mock operator in one process, with nothing else installed. Servers that
 * are configured are used instead of the embedded database, the queue in the process and the mock operator.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Config, type Environment, given, providersByDefault } from '../config/config.ts'
import { lanes } from '../domain/message.ts'
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts'
import type { Operator } from '../operator/operator.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Service } from '../runtime/service.ts'
import { applyKeyedPlans, type Database } from '../store/database.ts'
import type { Store } from '../store/store.ts'
import { apiListener, createApiPart } from './api-part.ts'
import { queueService } from './api-role.ts'
import { version } from './build-info.ts'
import { reachableHost, requireFree } from './http-listener.ts'
import { migrateDatabase } from './migrate-role.ts'
import { openCounters } from './open-counters.ts'
import { consoleSettings, openFigures } from './open-figures.ts'
import { openQueue } from './open-queue.ts'
import { databaseFor, openStore } from './open-store.ts'
import { operatorFor, operatorListener, secretsOf } from './operator-role.ts'
import { createProcessorPart } from './processor-part.ts'
import { fixedProviders, type ProviderSource, reloadedProviders } from './provider-source.ts'
import { createReadiness } from './readiness.ts'
import { refusedFor, requireServers, say, startContext } from './role-context.ts'
import { exitCodes, runUntilStopped } from './run-until-stopped.ts'
import { stopping } from './stopping.ts'

export async function runStandalone(environment: Environment): Promise<number> {
  const { config, log, registry, tracing } = startContext(environment, 'standalone')
  const { logger } = log
  const configured = configuredProviders(environment, config, logger)
  await requireAddresses(config, configured === null)
  const { database, service: embedded } = await openDatabase(config, logger)
  try {
    await requireServersMigrated(config, database)
    const queue = openQueue(config, registry, logger)
    const { store, service: databaseService } = openStore(database, config, registry, logger)
    if (config.redis === null) await recoverQueue(store, config)
    const mocked = mockProviders()
    const operator =
      configured === null ? operatorFor(config, secretsOf(mocked), registry, logger) : null
    await operator?.start().catch((error: unknown) => {
      throw refusedFor(error)
    })
    const providers = configured ?? fixedProviders(locate(mocked, operatorUrl(config, operator)))
    const isKeyless = !(await store.hasApiKeys())
    const readiness = createReadiness({ postgres: () => store.ping(), queue: () => queue.ping() })
    const figures = openFigures(config, 'standalone', registry, logger)
    const parts = {
      config,
      store,
      queue,
      registry,
      logger,
      providers,
      tracing: tracing.tracing,
    }
    const api = createApiPart({
      ...parts,
      counters: openCounters(config, registry, logger),
      readiness,
      metricsText: () => registry.metrics(),
      reusePort: false,
      console: consoleSettings(environment, 'standalone', config, figures.board),
    })
    return await runUntilStopped({
      // Stopped in reverse: the operator delivers its last reports while the API still takes them.
      services: [
        tracing.service,
        embedded,
        databaseService,
        queueService(queue),
        figures.service,
        api,
        ...(operator === null ? [] : [operator]),
        createProcessorPart(parts),
      ],
      log,
      ...stopping(config, readiness),
      onStarted: () => {
        const mockUrl = operator === null ? null : operatorUrl(config, operator)
        process.stdout.write(welcome(config, api.url, mockUrl, isKeyless))
      },
    })
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

/** Before a database is made for nothing. @throws StartRefused */
async function requireAddresses(config: Config, mock: boolean): Promise<void> {
  try {
    await requireFree(apiListener, config.appAddress)
    if (mock) await requireFree(operatorListener, config.operatorAddress)
  } catch (error) {
    throw refusedFor(error)
  }
}

/**
 * Null: none are configured. Only a file is listened for: without one SIGHUP ends this role, as a terminal that is closed
 * expects of what runs in it.
 */
function configuredProviders(
  environment: Environment,
  config: Config,
  logger: Logger,
): ProviderSource | null {
  if (config.providers.length === 0) return null
  return given(environment, 'PROVIDERS_FILE') === undefined
    ? fixedProviders(config.providers)
    : reloadedProviders(environment, 'standalone', config, logger)
}

interface OpenDatabase {
  readonly database: Database
  readonly service: Service
}

async function openDatabase(config: Config, logger: Logger): Promise<OpenDatabase> {
  if (config.postgres.write !== null) {
    const nothing = {
      name: 'PostgreSQL',
      start: async () => undefined,
      stop: async () => undefined,
    }
    return { database: databaseFor(config, 'standalone'), service: nothing }
  }
  try {
    const server = await startEmbeddedPostgres({
      dataDir: join(config.dataDir, 'postgres'),
      logger,
      firstStartNotice: () => say(`making a database in ${config.dataDir} (a few seconds, once)`),
      onExit: (error) => {
        logger.fatal({ event: 'embedded_postgres.exited', err: error })
        say(`the embedded database ended: ${error.message}`)
        process.exit(exitCodes.failure)
      },
    })
    const database = databaseFor(config, 'standalone', server)
    await applyKeyedPlans(database.write)
    const service = {
      name: 'embedded PostgreSQL',
      start: async () => undefined,
      stop: () => server.stop(),
    }
    return { database, service }
  } catch (error) {
    throw refusedFor(error)
  }
}

/** Nobody else uses this database, so its migrations are applied without being asked for. */
async function requireServersMigrated(config: Config, database: Database): Promise<void> {
  if (config.postgres.write === null) {
    await migrateDatabase(database, { status: false, dryRun: false }, () => undefined)
  }
  await requireServers(config, database, [])
}

/**
 * The queue in the process began empty: all that waited in the last one is due now. So are the claims, when nobody else can have
 * any.
 */
async function recoverQueue(store: Store, { accept, postgres, processing }: Config): Promise<void> {
  const { reportTimeoutMs } = processing
  const validityMs = accept.messageValidityMs
  const isAlone = postgres.write === null
  const leaseMs = isAlone ? 0 : processing.claimLeaseMs
  for (const lane of lanes) {
    const options = { oldestQueuedAgeMs: null, validityMs, graceMs: 0, leaseMs, reportTimeoutMs }
    while ((await store.sweepLane(lane, options)).more);
  }
  while (await store.expediteLost(isAlone));
}

function mockProviders(): ProviderSettings[] {
  return providersByDefault('standalone').map((provider) => ({
    ...provider,
    secret: randomBytes(24).toString('base64url'),
  }))
}

function operatorUrl({ operatorAddress }: Config, operator: Operator | null): string {
  return `http://${reachableHost(operatorAddress.hostname)}:${operator?.port ?? 0}`
}

function locate(providers: readonly ProviderSettings[], url: string): ProviderSettings[] {
  return providers.map((provider) => ({ ...provider, url: `${url}/${provider.name}` }))
}

/** @param mockUrl of the mock operator, or null when there are real providers */
function welcome(config: Config, url: string, mockUrl: string | null, isKeyless: boolean): string {
  const isOn = config.console === 'on'
  const names = (mockUrl === null ? config.providers : providersByDefault('standalone'))
    .map(({ name }) => name)
    .join(', ')
  const providers =
    mockUrl === null ? names : `${names}: mocks (set PROVIDER_PRIMARY_URL for a real one)`
  const database = config.postgres.write === null ? `embedded, in ${config.dataDir}` : 'PostgreSQL'
  return `
SMS Gateway ${version} is running at ${url}

  database   ${database}
  queue      ${config.redis === null ? 'in this process' : 'Redis'}
  providers  ${providers}
  API keys   ${isKeyless ? 'none: only this machine is served' : 'needed'}

Send a message:

  curl -X POST ${url}/api/v1/messages \\
    -H 'Content-Type: application/json' \\
    -d '{"phone": "+1234567890", "message": "Hello from SMS Gateway", "customer_id": 1}'

See what became of it, with the id from the answer:

  curl ${url}/api/v1/messages/<id>

${mockUrl === null ? '' : failing(mockUrl)}${isOn ? `Console: ${url}/console    ` : ''}API documentation: ${url}/docs    Metrics: ${url}/metrics    Stop: Ctrl-C

`
}

function failing(mockUrl: string): string {
  return `Make a provider fail, and see the others take its messages; DELETE puts it right:

  curl -X PUT ${mockUrl}/control/primary/behaviour \\
    -H 'Content-Type: application/json' -d '{"outage": true}'

`
}
