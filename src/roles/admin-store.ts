/** The store for a command of administration, which ends when it has done its work. */
import type { Config, Environment } from '../config/config.ts'
import { createLogger, type Logger } from '../runtime/logger.ts'
import { createRegistry } from '../runtime/metrics.ts'
import type { Database } from '../store/database.ts'
import type { Store } from '../store/store.ts'
import { databaseFor, openStore } from './open-store.ts'
import {
  awaitedPrimary,
  configFor,
  refusedFor,
  requireMigrated,
  StartRefused,
  say,
} from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { waitForServers } from './wait-for-servers.ts'

const closeMsMax = 2_000
const stderr = 2

/** @throws StartRefused when the configuration is faulty, PostgreSQL does not answer, or migrations are pending */
export async function withStore(
  environment: Environment,
  run: (store: Store, config: Config, logger: Logger) => Promise<number>,
): Promise<number> {
  const config = configFor(environment, 'admin')
  const database = databaseFor(config, 'admin')
  const { logger, flush } = createLogger(config.logLevel, 'admin', stderr)
  try {
    await requireAnswer(config, database)
    await requireMigrated(database)
    const { store } = openStore(database, config, createRegistry(), logger)
    return await run(store, config, logger)
  } finally {
    await database.close(closeMsMax)
    flush()
  }
}

/** Somebody waits for the answer: not as long as a role that starts. */
const answerMsMax = 5_000

async function requireAnswer(config: Config, database: Database): Promise<void> {
  const timeoutMs = Math.min(answerMsMax, config.processing.startTimeoutMs)
  try {
    const servers = [awaitedPrimary(config, database)]
    await waitForServers(servers, { timeoutMs, say, refusalsMayPass: false })
  } catch (error) {
    const { message } = refusedFor(error)
    throw new StartRefused(
      exitCodes.failure,
      `${message}\nthis command asks PostgreSQL, at POSTGRES_WRITE_HOST; a standalone with its embedded database is asked through its API`,
    )
  }
}

/** What a command answers goes to stdout, a line at a time. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
