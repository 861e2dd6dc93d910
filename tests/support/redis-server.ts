/** A private Redis for tests: own port, own directory, append-only file written every second. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { serverPrograms } from './packages.ts'
import { asServer } from './server-process.ts'

export interface RedisServer {
  /** `host:port`, as REDIS_HOST takes it. */
  readonly hostPort: string
  readonly port: number
  /** Null while it is stopped. */
  pid(): number | null
  start(): Promise<void>
  /** With SIGTERM: it writes what it has. */
  stop(): Promise<void>
  kill(): Promise<void>
  /** As an operator would by mistake. */
  flushAll(): Promise<void>
  /** Empties its directory, while it is stopped: it starts again knowing nothing. */
  forget(): void
  remove(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const { redisServer } = serverPrograms()
  const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-redis-'))
  const port = await freePort()
  let running: Bun.Subprocess | undefined

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']
    const command = asServer([redisServer, ...options, ...durable], null, 'KILL')
    running = Bun.spawn(command, { stdio: ['ignore', 'ignore', 'ignore'] })
    await eventually(async () => (await ask(port, 'PING')) === '+PONG', {
      what: `Redis on port ${port} answers`,
    })
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    running?.kill(signal)
    await running?.exited
    running = undefined
  }

  await start()
  return {
    hostPort: `127.0.0.1:${port}`,
    port,
    pid: () => running?.pid ?? null,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async flushAll() {
      const answer = await ask(port, 'FLUSHALL')
      if (answer !== '+OK') throw new Error(`FLUSHALL was answered ${answer}`)
    },
    forget: () => rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true }),
    async remove() {
      await end('SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A command without arguments; answers the first line of the reply. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('connect', () => socket.write(`${command}\r\n`))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().split('\r\n', 1)[0] ?? '')
    })
  })
}
