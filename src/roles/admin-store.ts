/** The store for a command of administration, which ends when it has done its work. */
import type { Config, Environment } from '../config/config.ts'
import { createLogger, type Logger } from '../runtime/logger.ts'
import { createRegistry } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'
import { databaseFor, openStore } from './open-store.ts'
import { configFor, requireServers } from './role-context.ts'

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
    await requireServers(config, database, [])
    const { store } = openStore(database, config, createRegistry(), logger)
    return await run(store, config, logger)
  } finally {
    await database.close(closeMsMax)
    flush()
  }
}

/** What a command answers goes to stdout, a line at a time. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
