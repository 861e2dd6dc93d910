/** Bringing a database to the schema of this build. Applied migrations are never changed and never undone. */
import type { AppliedMigration, MigrationStore } from '../store/migrations.ts'
import type { Migration } from './migration-list.ts'

export interface MigrationPlan {
  readonly applied: readonly AppliedMigration[]
  readonly pending: readonly Migration[]
  /** Versions in the database that this build does not know: a newer build was here. Nothing to do about them. */
  readonly newer: readonly AppliedMigration[]
  /** Versions whose text is not what was applied: this build and the database disagree. */
  readonly changed: readonly AppliedMigration[]
}

export async function planMigrations(
  store: MigrationStore,
  migrations: readonly Migration[],
): Promise<MigrationPlan> {
  const applied = await store.applied()
  const versions = new Map(migrations.map((migration) => [migration.version, migration]))
  return {
    applied,
    pending: migrations.filter(
      (migration) => !applied.some(({ version }) => version === migration.version),
    ),
    newer: applied.filter(({ version }) => !versions.has(version)),
    changed: applied.filter(({ version, checksum }) => {
      const known = versions.get(version)
      return known !== undefined && known.checksum !== checksum
    }),
  }
}

/**
 * Applies what is pending, in order, telling of each before it runs.
 * @throws at the first that fails, with its name; those before it stay applied
 */
export async function applyMigrations(
  store: MigrationStore,
  pending: readonly Migration[],
  onApply: (migration: Migration) => void,
): Promise<void> {
  for (const migration of pending) {
    onApply(migration)
    try {
      await store.apply(migration)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`migration ${migrationLabel(migration)} failed: ${reason}`, { cause: error })
    }
  }
}

export function migrationLabel(migration: { version: number; name: string }): string {
  return `${String(migration.version).padStart(4, '0')}_${migration.name}`
}
