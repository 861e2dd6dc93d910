/**
 * One process per data directory.
 *
 * The lock is the kernel's record lock on a file, taken through SQLite (part of the runtime, alike on every
 * platform). It ends with its process, however that dies, so there is no stale lock to judge; a file with a
 * process id would mislead in containers, where every restart has the same id. Two openers in one process
 * exclude each other too. The file's name never changes and it is never removed: a lock on a removed file
 * excludes nobody. On a network file system it is as good as that system's record locks.
 */
import { Database } from 'bun:sqlite'

export interface DirectoryLock {
  /** Safe to repeat. */
  release(): void
}

/** A killed process keeps its lock until its memory is freed; a restart at once waits for that. */
const LOCK_WAIT_MS_MAX = 1_000

/**
 * Takes the lock, or answers null when another keeps it. Blocks the thread for up to a second.
 * @throws when the file cannot be opened
 */
export function tryLock(file: string): DirectoryLock | null {
  const database = new Database(file, { create: true, readwrite: true })
  try {
    database.run(`PRAGMA busy_timeout = ${LOCK_WAIT_MS_MAX}`)
    database.run('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
  return { release: () => database.close() }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY'
}
