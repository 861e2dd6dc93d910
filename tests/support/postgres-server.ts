/** A private PostgreSQL for tests: own port, own directory, durable settings on; and streaming replicas of it. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { serverPrograms } from './packages.ts'
import {
  asServer,
  give,
  runToEnd,
  type ServerAccount,
  unprivilegedAccount,
} from './server-process.ts'

export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly dataDir: string
  /** Of the process that starts the others; null while it is stopped. */
  pid(): number | null
  /** `fast` ends transactions and writes a checkpoint; `immediate` is a crash without losing the machine. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  /** Stops it and removes its directory. */
  remove(): Promise<void>
}

export interface PostgresReplica extends PostgresServer {
  pauseReplay(): Promise<void>
  resumeReplay(): Promise<void>
}

const host = '127.0.0.1'
const user = 'postgres'
const password = 'postgres'

const settings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
wal_level = replica
max_wal_senders = 8
fsync = on
synchronous_commit = on
max_wal_size = 2GB
log_min_messages = fatal
`

export interface PlaceOptions {
  /** Where its directory is made. */
  readonly parent?: string
  /** Of a segment of the write-ahead log. */
  readonly segmentMb?: number
}

export async function startPostgres(
  extraSettings = '',
  { parent = tmpdir(), segmentMb = 16 }: PlaceOptions = {},
): Promise<PostgresServer> {
  const { postgresBin } = serverPrograms()
  const account = unprivilegedAccount()
  const base = mkdtempSync(join(parent, 'sms-gateway-postgres-'))
  give(base, account)
  const dataDir = join(base, 'data')
  const passwordFile = join(base, 'password')
  writeFileSync(passwordFile, password)
  give(passwordFile, account)
  const initdb = [join(postgresBin, 'initdb'), '-D', dataDir, '-U', user, '--auth=scram-sha-256']
  const options = [`--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  const segments = `--wal-segsize=${segmentMb}`
  runToEnd(asServer([...initdb, ...options, segments], account, 'KILL'))
  // Replication connections of pg_basebackup and the standby use the same password.
  const port = await freePort()
  appendFileSync(join(dataDir, 'postgresql.conf'), `${settings}port = ${port}\n${extraSettings}\n`)
  const server = createServer(postgresBin, base, dataDir, port, account)
  await server.start()
  return server
}

/** A streaming replica, caught up. */
export async function startReplica(primary: PostgresServer): Promise<PostgresReplica> {
  const { postgresBin } = serverPrograms()
  const account = unprivilegedAccount()
  const base = mkdtempSync(join(tmpdir(), 'sms-gateway-replica-'))
  give(base, account)
  const dataDir = join(base, 'data')
  const source = `host=${primary.host} port=${primary.port} user=${primary.user} password=${primary.password}`
  const backup = [join(postgresBin, 'pg_basebackup'), '-D', dataDir, '-R', '-X', 'stream']
  runToEnd(asServer([...backup, '--checkpoint=fast', '-d', source], account, 'KILL'))
  const port = await freePort()
  appendFileSync(join(dataDir, 'postgresql.conf'), `port = ${port}\n`)
  const server = createServer(postgresBin, base, dataDir, port, account)
  await server.start()
  return {
    ...server,
    pauseReplay: () => ask(port, 'SELECT pg_wal_replay_pause()'),
    resumeReplay: () => ask(port, 'SELECT pg_wal_replay_resume()'),
  }
}

function createServer(
  bin: string,
  base: string,
  dataDir: string,
  port: number,
  account: ServerAccount | null,
): PostgresServer {
  let running: Bun.Subprocess | undefined

  async function start(): Promise<void> {
    const command = asServer([join(bin, 'postgres'), '-D', dataDir], account, 'QUIT')
    const started = Bun.spawn(command, { stdio: ['ignore', 'ignore', 'ignore'], cwd: '/' })
    running = started
    await eventually(
      async () => {
        if (started.exitCode !== null) throw new Error(`postgres ended with ${started.exitCode}`)
        await ask(port, 'SELECT 1')
        return true
      },
      { what: `PostgreSQL on port ${port} answers`, timeoutMs: 60_000 },
    )
  }

  async function stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    running?.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await running?.exited
    running = undefined
  }

  return {
    host,
    port,
    user,
    password,
    dataDir,
    pid: () => running?.pid ?? null,
    start,
    stop,
    async remove() {
      await stop('immediate')
      rmSync(base, { recursive: true, force: true })
    },
  }
}

async function ask(port: number, statement: string): Promise<void> {
  const sql = postgres({
    host,
    port,
    user,
    password,
    database: 'postgres',
    max: 1,
    fetch_types: false,
    connect_timeout: 2,
    onnotice: () => undefined,
  })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
