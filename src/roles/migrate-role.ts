/** `sms-gateway migrate [--status] [--dry-run]` */
import type { Environment } from '../config/config.ts'
import { applyMigrations, migrationLabel, planMigrations } from '../migrate/migrate.ts'
import { migrations } from '../migrate/migration-list.ts'
import type { Database } from '../store/database.ts'
import { createMigrationStore } from '../store/migrations.ts'
import { databaseFor } from './open-store.ts'
import { awaitedPrimary, configFor, refusedFor, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { waitForServers } from './wait-for-servers.ts'

export interface MigrateOptions {
  readonly status: boolean
  readonly dryRun: boolean
}

const closeMsMax = 2_000

export async function runMigrate(
  environment: Environment,
  options: MigrateOptions,
): Promise<number> {
  const config = configFor(environment, 'migrate')
  const database = databaseFor(config, 'migrate')
  try {
    const { startTimeoutMs: timeoutMs } = config.processing
    const servers = [awaitedPrimary(config, database)]
    await waitForServers(servers, { timeoutMs, say, refusalsMayPass: true })
    return await migrateDatabase(database, options, print)
  } catch (error) {
    throw refusedFor(error)
  } finally {
    await database.close(closeMsMax)
  }
}

/** With neither option: applies what is pending. `--status` answers 3 when something is. */
export async function migrateDatabase(
  database: Database,
  { status, dryRun }: MigrateOptions,
  print: (line: string) => void,
): Promise<number> {
  const store = createMigrationStore(database.write)
  const plan = await planMigrations(store, migrations)
  if (plan.changed.length > 0) {
    const names = plan.changed.map(migrationLabel).join(', ')
    throw new Error(`applied migrations differ from this build's: ${names}`)
  }
  if (status) {
    for (const migration of plan.applied) {
      print(`applied  ${migrationLabel(migration)}  ${migration.appliedAt.toISOString()}`)
    }
    for (const migration of plan.pending) print(`pending  ${migrationLabel(migration)}`)
    return plan.pending.length === 0 ? exitCodes.ok : exitCodes.migrationsPending
  }
  if (plan.pending.length === 0) {
    print('nothing to do: all migrations are applied')
    return exitCodes.ok
  }
  if (dryRun) {
    for (const migration of plan.pending) print(`-- ${migrationLabel(migration)}\n${migration.sql}`)
    return exitCodes.ok
  }
  await applyMigrations(store, plan.pending, (migration) =>
    print(`applying ${migrationLabel(migration)}`),
  )
  print(`${plan.pending.length} migration(s) applied`)
  return exitCodes.ok
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
