/** A real redis-server for one test file, on a free port of 127.0.0.1, that may be stopped, restarted and paused. */
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { eventually } from '../../support/eventually.ts'

export interface RedisProcess {
  readonly host: string
  readonly port: number
  /** Sends one command over a connection of its own. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>
  /** Kills it: it keeps nothing. Tolerates a second call. */
  stop(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  /** Keeps the process and its sockets, but it answers nothing until `resume`. */
  pause(): void
  resume(): void
}

export async function startRedisProcess(password?: string): Promise<RedisProcess> {
  const host = '127.0.0.1'
  const port = await freePort(host)
  const auth = password === undefined ? {} : { password }
  let process: Bun.Subprocess | undefined
  let probe: Redis | undefined

  async function start(): Promise<void> {
    process = Bun.spawn({
      cmd: [
        ...['redis-server', '--bind', host, '--port', String(port)],
        ...['--save', '', '--appendonly', 'no'],
        ...(password === undefined ? [] : ['--requirepass', password]),
      ],
      stdout: 'ignore',
      stderr: 'inherit',
    })
    probe = new Redis({ host, port, ...auth, retryStrategy: () => 20 })
    probe.on('error', () => undefined)
    await eventually(() => probe?.status === 'ready', { what: 'redis-server answers' })
  }

  await start()
  return {
    host,
    port,
    async command(name, ...args) {
      return await probe?.call(name, ...args)
    },
    async stop() {
      probe?.disconnect()
      process?.kill('SIGKILL')
      await process?.exited
    },
    start,
    pause: () => process?.kill('SIGSTOP'),
    resume: () => process?.kill('SIGCONT'),
  }
}

/** A port that nobody listens on at this moment. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
