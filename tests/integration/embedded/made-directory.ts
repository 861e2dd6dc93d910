/** Data directories for the tests: the cluster is made once a test file, each test works on a copy. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/embedded/embedded-postgres.ts'

export const silent = { info: () => undefined, warn: () => undefined }

let root: string | undefined
let made: Promise<string> | undefined

async function makeOnce(): Promise<string> {
  const dataDir = freshPath()
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  await database.stop()
  return dataDir
}

/** A path below a directory that `removeDirectories` removes; nothing is there yet. */
export function freshPath(): string {
  root ??= mkdtempSync(join(tmpdir(), 'embedded-'))
  return join(root, crypto.randomUUID())
}

/** A data directory with an empty, closed database in it. */
export async function madeDirectory(): Promise<string> {
  made ??= makeOnce()
  const copy = freshPath()
  cpSync(await made, copy, { recursive: true })
  return copy
}

export function removeDirectories(): void {
  if (root !== undefined) rmSync(root, { recursive: true, force: true })
  root = undefined
  made = undefined
}

/** A pool as the store has one. */
export function connect(database: EmbeddedPostgres, connectionsMax = 4) {
  return postgres({
    path: database.socketPath,
    user: database.user,
    database: database.database,
    max: connectionsMax,
    onnotice: () => undefined,
  })
}
