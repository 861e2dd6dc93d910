/** Data directories for the tests: the cluster is made once, each test works on a copy. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/embedded/embedded-postgres.ts'

export const silent = { info: () => undefined, warn: () => undefined }

const root = mkdtempSync(join(tmpdir(), 'embedded-'))
let made: Promise<string> | undefined

async function makeOnce(): Promise<string> {
  const dataDir = join(root, 'original')
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  await database.stop()
  return dataDir
}

/** A path below a directory that `removeDirectories` removes; nothing is there yet. */
export function freshPath(): string {
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
  rmSync(root, { recursive: true, force: true })
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
