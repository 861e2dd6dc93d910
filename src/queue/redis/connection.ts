/**
 * One connection to Redis that fails fast while Redis is away and reconnects in the background for ever. Nothing is
 * kept for later or sent again by itself: a command that was under way when the connection broke is an error.
 */
import { Redis } from 'ioredis'
import {
  isConnectionLost,
  isReadOnly,
  isWrongType,
  RedisQueueError,
  withoutCommand,
} from './errors.ts'

export interface RedisEndpoint {
  readonly host: string
  readonly port: number
  readonly password?: string
  /** A server that owes an answer and sends nothing for this long is taken for dead, and its connection dropped. */
  readonly commandTimeoutMs: number
}

export interface RedisConnectionOptions {
  readonly endpoint: RedisEndpoint
  /** Shown by `CLIENT LIST`. */
  readonly name: string
  /** Longest that a command may block in the server, on top of `commandTimeoutMs`. */
  readonly blockMsMax: number
  readonly onChange?: (up: boolean, error?: Error) => void
  /** What is sent in one turn of the event loop goes out in one write: a third of the cost, where many commands do. */
  readonly isPipelined?: boolean
}

export interface RedisConnection {
  /** For sending commands inside `run`. */
  readonly client: Redis
  /**
   * Does the work, or rejects at once while there is no connection. Only the very first attempt to connect is waited
   * for. `stream` is for the error's message.
   * @throws RedisQueueError
   */
  run<Result>(work: () => Promise<Result>, stream?: string): Promise<Result>
  /** Breaks the connection and makes a new one. Commands under way fail. */
  reset(): void
  /** Never rejects, and does not wait for a server that does not answer. */
  close(): Promise<void>
}

const backoffMsMin = 50
const backoffMsMax = 2_000
/** How long a closed socket may stay half open before it is destroyed. */
const lingerMsMax = 250
/** A server that reads its data set from disk is asked again at least this often. */
const loadingPollMsMax = 500

/** Exponential, capped, and half of it random, so that many processes do not return at the same instant. */
export function reconnectDelayMs(attempt: number): number {
  const delayMs = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(attempt - 1, 16))
  return Math.ceil(delayMs / 2 + (Math.random() * delayMs) / 2)
}

export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { endpoint, onChange } = options
  const address = `${endpoint.host}:${endpoint.port}`
  let up: boolean | undefined
  let closed = false
  let lastError: Error | undefined

  const client = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    connectionName: options.name,
    protocol: 2,
    connectTimeout: endpoint.commandTimeoutMs,
    socketTimeout: endpoint.commandTimeoutMs + options.blockMsMax,
    disconnectTimeout: lingerMsMax,
    maxLoadingRetryTime: loadingPollMsMax,
    enableOfflineQueue: false,
    enableAutoPipelining: options.isPipelined ?? false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: isReadOnly,
  })
  client.on('error', (error: unknown) => {
    lastError = withoutCommand(error)
  })
  client.on('ready', () => change(true))
  client.on('close', () => change(false))
  const firstAttempt = settled()

  function change(isUp: boolean): void {
    if (isUp) lastError = undefined
    if (closed || up === isUp) return
    up = isUp
    if (isUp) onChange?.(true)
    else onChange?.(false, unreachable())
  }

  function settled(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(settle, endpoint.commandTimeoutMs)
      function settle(): void {
        clearTimeout(timer)
        client.off('ready', settle)
        client.off('close', settle)
        resolve()
      }
      client.on('ready', settle)
      client.on('close', settle)
    })
  }

  function unreachable(): RedisQueueError {
    if (closed) return new RedisQueueError('the connection to Redis has been closed')
    const reason = lastError?.message ?? 'the connection was lost'
    const message = `Redis at ${address} cannot be reached: ${reason}`
    return new RedisQueueError(message, lastError === undefined ? {} : { cause: lastError })
  }

  function explain(error: unknown, stream: string | undefined): RedisQueueError {
    if (error instanceof RedisQueueError) return error
    if (isConnectionLost(error)) return unreachable()
    const cause = withoutCommand(error)
    if (isWrongType(error) && stream !== undefined) {
      const message = `the Redis key "${stream}" is in use for something that is not a stream`
      return new RedisQueueError(message, { cause })
    }
    return new RedisQueueError(`Redis at ${address}: ${cause.message}`, { cause })
  }

  function isReady(): boolean {
    return client.status === 'ready'
  }

  async function quit(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endpoint.commandTimeoutMs)
    })
    await Promise.race([client.quit().catch(() => undefined), timedOut])
    clearTimeout(timer)
  }

  return {
    client,
    async run(work, stream) {
      if (!isReady()) {
        await firstAttempt
        if (!isReady()) throw unreachable()
      }
      try {
        return await work()
      } catch (error) {
        throw explain(error, stream)
      }
    },
    reset() {
      client.disconnect(true)
    },
    async close() {
      if (closed) return
      closed = true
      // QUIT lets what is under way come back first; but it would wait for a read that blocks.
      if (isReady() && options.blockMsMax === 0) await quit()
      client.disconnect()
    },
  }
}
