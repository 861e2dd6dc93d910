/** The engine (PGlite) as this product runs it: its assets, its settings, how a cluster is made and opened. */
import { PGlite } from '@electric-sql/pglite'
import initdbPath from '../../node_modules/@electric-sql/pglite/dist/initdb.wasm' with {
  type: 'file',
}
import fileSystemPath from '../../node_modules/@electric-sql/pglite/dist/pglite.data' with {
  type: 'file',
}
import postgresPath from '../../node_modules/@electric-sql/pglite/dist/pglite.wasm' with {
  type: 'file',
}
import { DurableNodeFS, syncTree } from './durable-files.ts'
import { queryMessage } from './wire-messages.ts'

/** Called at most once; afterwards nothing the engine says can be trusted and its process must end. */
export type FatalListener = (reason: string) => void

/**
 * One open cluster, one backend session. Not for concurrent use: the session gate takes turns.
 */
export interface Engine {
  /** Runs complete frontend messages and answers the bytes of the reply. */
  exchange(messages: Uint8Array): Promise<Buffer[]>
  /** Rows of one statement, values as text. @throws the server's error */
  rows(statement: string): Promise<(string | null)[][]>
  /** True from BEGIN to COMMIT or ROLLBACK, also when the transaction has failed. */
  isInTransaction(): boolean
  /** Writes a checkpoint and closes the cluster. */
  close(): Promise<void>
}

const ENGINE_PARAMETERS = [
  '--single',
  '-O', // system tables may change: the engine itself asks for it
  '-j',
  ...settings({
    search_path: 'public',
    exit_on_error: 'false',
    log_checkpoints: 'false',
    max_worker_processes: '0',
    max_parallel_workers: '0',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    io_method: 'sync',
    // Durability. PGlite's own parameters have -F (no fsync); only `fsync` reaches the file layer.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    wal_sync_method: 'fsync',
    // Checkpoints come from housekeeping; this bounds the segments kept for reuse.
    min_wal_size: '32MB',
    max_wal_size: '64MB',
    shared_buffers: '64MB',
    jit: 'off',
    // Statements hold customers' data: nothing of them may reach a log.
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
  }),
]

function settings(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Opens the cluster in `directory`; replays its log when it was not closed. @throws when it cannot be opened */
export async function openEngine(directory: string, onFatal: FatalListener): Promise<Engine> {
  let fatal: string | undefined
  const database = await start(directory, (reason) => {
    if (fatal !== undefined) return
    fatal = reason
    onFatal(reason)
  })

  function assertAlive(): void {
    if (fatal !== undefined) throw new Error(fatal)
  }

  async function exchange(messages: Uint8Array): Promise<Buffer[]> {
    const reply: Buffer[] = []
    await database.execProtocolRawStream(messages, {
      syncToFs: false,
      // The engine's memory is reused: copy.
      onRawData: (data) => reply.push(Buffer.from(data)),
    })
    assertAlive()
    return reply
  }

  async function rows(statement: string): Promise<(string | null)[][]> {
    const found: (string | null)[][] = []
    for (const message of await database.execProtocolStream(queryMessage(statement))) {
      if ('fields' in message && message.name === 'dataRow') {
        found.push(message.fields as (string | null)[])
      }
    }
    assertAlive()
    return found
  }

  async function close(): Promise<void> {
    await rows('CHECKPOINT')
    await database.close()
  }

  return { exchange, rows, isInTransaction: () => database.isInTransaction(), close }
}

/**
 * Makes a cluster in `directory`, which must not exist, and flushes all of it to the disk.
 * The template databases are dropped: what is never vacuumed would stop the server after two billion transactions.
 */
export async function createCluster(directory: string, onFatal: FatalListener): Promise<void> {
  const engine = await openEngine(directory, onFatal)
  for (const template of ['template0', 'template1']) {
    await engine.rows(`ALTER DATABASE ${template} WITH IS_TEMPLATE false`)
    await engine.rows(`DROP DATABASE ${template}`)
  }
  await engine.close()
  syncTree(directory)
}

async function start(directory: string, onFatal: FatalListener): Promise<PGlite> {
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all([
    compile(postgresPath),
    compile(initdbPath),
  ])
  const database = await PGlite.create({
    fs: new DurableNodeFS(directory, onFatal),
    fsBundle: Bun.file(fileSystemPath),
    pgliteWasmModule,
    initdbWasmModule,
    startParams: ENGINE_PARAMETERS,
    // Only FATAL and PANIC are written: after either there is no server any more.
    onStderr: (line) => {
      if (/\b(FATAL|PANIC):/.test(line)) onFatal(line)
      return false
    },
  })
  watchForTraps(database, onFatal)
  return database
}

/** The engine leaves its loop with this status to report an SQL error. */
const SQL_ERROR_STATUS = 100

/** PGlite swallows whatever its loop throws, a WebAssembly trap too, and carries on with broken memory. */
function watchForTraps(database: PGlite, onFatal: FatalListener): void {
  const module: { _PostgresMainLoopOnce: () => void } = database.Module
  const runOnce = module._PostgresMainLoopOnce
  module._PostgresMainLoopOnce = () => {
    try {
      runOnce()
    } catch (error) {
      if (!isSqlError(error)) onFatal(`the engine stopped: ${error}`)
      throw error
    }
  }
}

function isSqlError(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'status' in error &&
    error.status === SQL_ERROR_STATUS
  )
}

async function compile(path: string): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await Bun.file(path).arrayBuffer())
}
