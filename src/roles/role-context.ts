/** What every long-running role begins with: configuration or its faults, log, registry, servers that answer. */
import { Gauge } from 'prom-client'
import { type Config, type Environment, loadConfig, type Role } from '../config/config.ts'
import { createLogger, type ProcessLogger } from '../runtime/logger.ts'
import { createRegistry, type Registry } from '../runtime/metrics.ts'
import type { Database } from '../store/database.ts'
import { isRefusal } from '../store/database-errors.ts'
import { commit, version } from './build-info.ts'
import { migrationsFault, serverName } from './open-store.ts'
import { isTracingOn, type OpenTracing, openTracing } from './open-tracing.ts'
import { exitCodes } from './run-until-stopped.ts'
import { type AwaitedServer, waitForServers } from './wait-for-servers.ts'

export interface RoleContext {
  readonly config: Config
  readonly log: ProcessLogger
  readonly registry: Registry
  readonly tracing: OpenTracing
}

/** Ends the start of a role: the sentence goes to stderr, the code to the shell. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
  readonly exitCode: number

  constructor(exitCode: number, sentence: string) {
    super(sentence)
    this.exitCode = exitCode
  }
}

/** A failure that its sentence explains: without a stack. */
export function refusedFor(error: unknown): StartRefused {
  if (error instanceof StartRefused) return error
  return new StartRefused(exitCodes.failure, error instanceof Error ? error.message : String(error))
}

/** @throws StartRefused listing every fault of the configuration */
export function configFor(environment: Environment, role: Role): Config {
  const result = loadConfig(environment, role)
  if (result.ok) return result.config
  const lines = result.faults.map(({ name, detail }) => `  ${name} ${detail}`)
  const count = `${lines.length} fault${lines.length === 1 ? '' : 's'}`
  throw new StartRefused(
    exitCodes.configuration,
    `the configuration has ${count}:\n${lines.join('\n')}`,
  )
}

export function startContext(environment: Environment, role: Role): RoleContext {
  const config = configFor(environment, role)
  const log = createLogger(config.logLevel, role)
  log.logger.info({ event: 'process.starting', version, commit, bun: Bun.version })
  // Metrics of several processes are added up, which leaves no exemplars.
  const hasExemplars = isTracingOn(config) && process.send === undefined
  const registry = createRegistry(hasExemplars ? 'openmetrics' : 'text')
  const build = new Gauge({
    name: 'sms_build_info',
    help: 'One, for the build that runs.',
    labelNames: ['version', 'commit', 'bun'],
    registers: [registry],
    aggregator: 'first',
  })
  build.set({ version, commit, bun: Bun.version }, 1)
  return { config, log, registry, tracing: openTracing(config, role, registry, log.logger) }
}

export function say(sentence: string): void {
  process.stderr.write(`sms-gateway: ${sentence}\n`)
}

/** PostgreSQL, to wait for. */
export function awaitedPrimary({ postgres: { write } }: Config, database: Database): AwaitedServer {
  return {
    name: write === null ? 'the embedded PostgreSQL' : serverName(write),
    ping: () => database.ping(),
    isRefusal,
  }
}

/**
 * Waits for PostgreSQL and what else is given.
 * @throws StartRefused when one does not answer in time, or when migrations are pending
 */
export async function requireServers(
  config: Config,
  database: Database,
  others: readonly AwaitedServer[],
): Promise<void> {
  const { startTimeoutMs: timeoutMs } = config.processing
  try {
    const servers = [awaitedPrimary(config, database), ...others]
    await waitForServers(servers, { timeoutMs, say, refusalsMayPass: true })
  } catch (error) {
    throw refusedFor(error)
  }
  await requireMigrated(database)
}

/** @throws StartRefused when migrations are pending */
export async function requireMigrated(database: Database): Promise<void> {
  const fault = await migrationsFault(database)
  if (fault !== null) throw new StartRefused(exitCodes.migrationsPending, fault)
}
