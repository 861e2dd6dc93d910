/**
 * The layout of the data directory, which belongs to this module alone:
 *
 *     lock          held while a process has the directory open
 *     holder        process id of the last holder, for the sentence that refuses the next one
 *     format.json   what made it; written last, so its presence means the rest is whole
 *     postgres/     the cluster
 *     postgres.new/ a cluster being made; removed at the next start when that was cut short
 *     socket/       the unix socket while running
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type DirectoryLock, tryLock } from './directory-lock.ts'
import { syncPath } from './durable-files.ts'

/** Layout version of the directory; raised when a product version can no longer read an older one. */
export const DATA_FORMAT = 1
/** Major version of the embedded server; a cluster of another major cannot be opened. */
export const POSTGRES_MAJOR = 18

/** The directory cannot be used; the message is a sentence for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

export interface DataDirectory {
  readonly root: string
  readonly clusterDir: string
  readonly stagingDir: string
  /** True when there is no cluster yet: make one in `stagingDir`, then `adoptCluster`. */
  readonly isNew: boolean
  readonly lock: DirectoryLock
}

/**
 * Makes the directory (0700), takes its lock and checks what made it.
 * @throws DataDirectoryError when it is in use, foreign, of another version or not accessible; then nothing is held
 */
export function openDataDirectory(path: string): DataDirectory {
  const root = resolve(path)
  makePrivate(root)
  const lock = takeLock(root)
  try {
    const isNew = !isOurs(root)
    const stagingDir = join(root, 'postgres.new')
    rmSync(stagingDir, { recursive: true, force: true })
    return { root, clusterDir: join(root, 'postgres'), stagingDir, isNew, lock }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Turns the finished cluster in `stagingDir` into the directory's cluster, in steps that survive a power cut. */
export function adoptCluster({ root, clusterDir, stagingDir }: DataDirectory): void {
  // Without format.json an earlier `postgres` is one whose adoption was cut short here.
  rmSync(clusterDir, { recursive: true, force: true })
  renameSync(stagingDir, clusterDir)
  const format = join(root, 'format.json')
  const content = { product: 'sms-gateway', format: DATA_FORMAT, postgresMajor: POSTGRES_MAJOR }
  writeFileSync(`${format}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 })
  syncPath(`${format}.new`)
  syncPath(root)
  renameSync(`${format}.new`, format)
  syncPath(root)
  syncPath(dirname(root))
}

function makePrivate(root: string): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    // Never tighten a directory of somebody else's; isOurs refuses it with a sentence.
    if (existsSync(join(root, 'format.json')) || foreignEntries(root).length === 0) {
      chmodSync(root, 0o700)
    }
  } catch (cause) {
    throw new DataDirectoryError(`cannot use the data directory ${root}: ${reason(cause)}`, {
      cause,
    })
  }
  const foreign = existsSync(join(root, 'format.json')) ? [] : foreignEntries(root)
  if (foreign.length > 0) {
    throw new DataDirectoryError(
      `the data directory ${root} was not made by sms-gateway (it holds "${foreign[0]}"); choose an empty or new one`,
    )
  }
}

const OWN_ENTRIES = new Set(['lock', 'holder', 'postgres', 'postgres.new', 'socket'])
const HARMLESS_ENTRIES = new Set(['format.json.new', 'lost+found'])

function foreignEntries(root: string): string[] {
  return readdirSync(root).filter((name) => {
    const isLockJournal = name.startsWith('lock-')
    return !isLockJournal && !OWN_ENTRIES.has(name) && !HARMLESS_ENTRIES.has(name)
  })
}

function takeLock(root: string): DirectoryLock {
  const holder = join(root, 'holder')
  let lock: DirectoryLock | null
  try {
    lock = tryLock(join(root, 'lock'))
    if (lock !== null) writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new DataDirectoryError(`cannot lock the data directory ${root}: ${reason(cause)}`, {
      cause,
    })
  }
  if (lock !== null) return lock
  const pid = existsSync(holder) ? readFileSync(holder, 'utf8').trim() : 'unknown'
  throw new DataDirectoryError(
    `the data directory ${root} is in use by another sms-gateway (process ${pid}); stop it or choose another directory`,
  )
}

/** False when nothing has been made yet. @throws DataDirectoryError when another version made it */
function isOurs(root: string): boolean {
  const path = join(root, 'format.json')
  if (!existsSync(path)) return false
  const { format, postgresMajor } = parseFormat(path)
  if (format !== DATA_FORMAT) {
    throw new DataDirectoryError(
      `the data directory ${root} has format ${format}; this version of sms-gateway reads format ${DATA_FORMAT}`,
    )
  }
  const clusterMajor = readFileSync(join(root, 'postgres', 'PG_VERSION'), 'utf8').trim()
  if (postgresMajor !== POSTGRES_MAJOR || clusterMajor !== String(POSTGRES_MAJOR)) {
    throw new DataDirectoryError(
      `the data directory ${root} was made with PostgreSQL ${clusterMajor}; this version of sms-gateway has PostgreSQL ${POSTGRES_MAJOR}`,
    )
  }
  return true
}

function parseFormat(path: string): { format: unknown; postgresMajor: unknown } {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null) {
      return {
        format: 'format' in value ? value.format : undefined,
        postgresMajor: 'postgresMajor' in value ? value.postgresMajor : undefined,
      }
    }
  } catch (cause) {
    throw new DataDirectoryError(`${path} cannot be read: ${reason(cause)}`, { cause })
  }
  throw new DataDirectoryError(`${path} is not what sms-gateway writes`)
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
