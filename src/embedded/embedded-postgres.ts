/**
 * The embedded PostgreSQL of the standalone role: PGlite (PostgreSQL 18) in a worker, behind a unix socket,
 * so that the store talks to it as to any server. A commit that was acknowledged is on the disk.
 *
 * All connections share **one backend session**, and one thread runs every statement. Connections take turns
 * (session-gate.ts), so ordinary use holds: pools of several connections, prepared statements (the driver's
 * names are random per connection), unnamed statements, pipelining, `sql.begin` from several connections.
 *
 * What the store may not do with it:
 * - leave a transaction open while it waits for anything else: nobody else is served meanwhile, and after
 *   10 idle seconds it is rolled back and its connection closed. Above all, never await another connection
 *   inside `sql.begin`: that is a deadlock until then;
 * - rely on session state: `SET`, temporary tables and session advisory locks are everybody's, and outlive the
 *   connection (`SET LOCAL` and `pg_advisory_xact_lock` are fine; an advisory lock excludes nobody, for
 *   there is one session). Start-up parameters of a connection (`statement_timeout`, …) are ignored;
 * - rely on a server-side time limit or cancel: `statement_timeout` and `lock_timeout` never fire, so the
 *   client's deadline is the only one, and the statement still runs to its end;
 * - `COPY … FROM STDIN` (it hangs the engine) and `LISTEN` (never delivers).
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adoptCluster, type DataDirectory, openDataDirectory } from './data-directory.ts'
import { EngineWorker } from './engine-worker.ts'

/** What is used of a pino logger. */
export interface EmbeddedLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface EmbeddedPostgresOptions {
  /** Made (0700) when missing; holds nothing but this database. */
  readonly dataDir: string
  readonly logger: EmbeddedLogger
  /** The engine ended by itself and nothing can be stored any more; the process should end. Called at most once. */
  readonly onExit?: (error: Error) => void
  /** Before a new database is made, which takes a few seconds and, once, about a gigabyte of memory. */
  readonly firstStartNotice?: () => void
}

export interface EmbeddedPostgres {
  /** The socket's file; postgres.js takes it as its option `path`. Its directory and port 5432 suit libpq's clients. */
  readonly socketPath: string
  readonly user: string
  readonly database: string
  /** Writes a checkpoint, closes the database, removes the socket and frees the directory. Safe to repeat. */
  stop(): Promise<void>
}

/** After this the engine's thread is ended as it is; the next start replays the log, and nothing is lost. */
const STOP_MS_MAX = 20_000
/** A socket's path has room for 103 characters on some systems and 107 on Linux. */
const SOCKET_PATH_LENGTH_MAX = 103
const SOCKET_NAME = '.s.PGSQL.5432'

/** @throws DataDirectoryError (a sentence for the operator), or Error when the engine cannot start */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const startedAt = performance.now()
  const directory = openDataDirectory(options.dataDir)
  try {
    if (directory.isNew) await makeCluster(directory, options)
    const running = await serve(directory, options)
    const durationMs = Math.round(performance.now() - startedAt)
    options.logger.info({ dataDir: directory.root, durationMs }, 'embedded database started')
    return running
  } catch (error) {
    directory.lock.release()
    throw error
  }
}

/** In a worker of its own, whose memory is given back: making a cluster takes three times what running it does. */
async function makeCluster(
  directory: DataDirectory,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  options.firstStartNotice?.()
  const worker = newWorker(options)
  try {
    await worker.command({ kind: 'create', directory: directory.stagingDir })
  } catch (cause) {
    throw new Error(`cannot make a database in ${directory.root}: ${reason(cause)}`, { cause })
  } finally {
    worker.terminate()
  }
  adoptCluster(directory)
}

async function serve(
  directory: DataDirectory,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const socketDir = makeSocketDir(directory.root)
  const socketPath = join(socketDir, SOCKET_NAME)
  const worker = newWorker(options)

  function release(): void {
    worker.terminate()
    rmSync(socketDir, { recursive: true, force: true })
    directory.lock.release()
  }

  async function close(): Promise<void> {
    try {
      await withDeadline(worker.command({ kind: 'stop' }), STOP_MS_MAX)
    } catch (error) {
      options.logger.warn({ reason: reason(error) }, 'embedded database did not close cleanly')
    } finally {
      release()
    }
  }

  try {
    await worker.command({ kind: 'serve', directory: directory.clusterDir, socketFile: socketPath })
  } catch (cause) {
    release()
    throw new Error(`cannot open the database in ${directory.root}: ${reason(cause)}`, { cause })
  }
  let stopped: Promise<void> | undefined
  return {
    socketPath,
    user: 'postgres',
    database: 'postgres',
    stop() {
      stopped ??= close()
      return stopped
    },
  }
}

function newWorker({ logger, onExit }: EmbeddedPostgresOptions): EngineWorker {
  return new EngineWorker({
    onWarning: (message) => logger.warn({ reason: message }, 'embedded database'),
    onFailure: (error) => onExit?.(error),
  })
}

/** In the data directory when its path leaves room, else in the system's directory for temporary files. */
function makeSocketDir(root: string): string {
  const inside = join(root, 'socket')
  rmSync(inside, { recursive: true, force: true })
  if (Buffer.byteLength(join(inside, SOCKET_NAME)) > SOCKET_PATH_LENGTH_MAX) {
    return mkdtempSync(join(tmpdir(), 'sms-gateway-'))
  }
  mkdirSync(inside, { mode: 0o700 })
  chmodSync(inside, 0o700)
  return inside
}

function withDeadline(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout>
  const deadline = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${timeoutMs} ms`)), timeoutMs)
  })
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
