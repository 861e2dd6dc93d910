/**
 * A pool of connections that survives a server which vanishes without a word. `statement_timeout` ends a statement in the
 * server; behind a network that swallows everything nobody would hear of it, and the statement would wait until TCP gives up,
 * a quarter of an hour later. So a statement that is not answered within `answerMsMax` fails here, and new connections take
 * the place of those that may be dead. Statements under way on those that are alive still end.
 */
import { connect, type Socket } from 'node:net'
import type { Sql } from 'postgres'
import { DeadlineError, withDeadline } from '../runtime/deadline.ts'
import { isReadOnlyServer } from './read-only-server.ts'

export interface ServerAddress {
  /** A host name, an address, or the path of a unix socket. */
  readonly host: string
  readonly port: number
}

export interface PoolOptions {
  readonly server: ServerAddress
  /** Null: the server is this process's own, or statements may take as long as they like. */
  readonly answerMsMax: number | null
  /** A statement was refused because the server takes no writes. */
  readonly onReadOnly: () => void
  /** Makes the driver's pool, whose connections go over sockets from `openSocket`. */
  readonly createSql: (openSocket: () => Socket) => Sql
}

export interface Pool {
  /** For the next statement; not to be kept, because dead connections are replaced together with it. */
  readonly sql: Sql
  /** New connections from now on, at most once in `renewIntervalMsMin`; what is under way on the others still ends. */
  renew(): void
  /** Waits for running statements, at most `timeoutMs`, then closes all connections. */
  close(timeoutMs: number): Promise<void>
}

const renewIntervalMsMin = 1_000

/** One set of connections, from its making to its replacement. */
interface Generation {
  readonly sql: Sql
  end(timeoutMs: number): Promise<void>
  breakOff(): void
}

/** The code of a statement that was not answered in time. */
export const unansweredCode = 'UNANSWERED'

class UnansweredError extends Error {
  override readonly name = 'UnansweredError'
  readonly code = unansweredCode
}

/** How long a statement of this pool may take, and what is done when it takes longer. */
interface Watch {
  readonly answerMsMax: number
  readonly onUnanswered: () => void
  readonly onReadOnly: () => void
}

const watches = new WeakMap<Sql, Watch>()

/** What a statement comes to. @throws also when there is no answer in time; it may have been carried out then */
export async function answerOf<T>(sql: Sql, statement: Promise<T>): Promise<T> {
  const watch = watches.get(sql)
  if (watch === undefined) return await statement
  const { answerMsMax, onUnanswered, onReadOnly } = watch
  try {
    return await withDeadline('the answer of PostgreSQL', answerMsMax, statement)
  } catch (error) {
    if (isReadOnlyServer(error)) onReadOnly()
    if (!(error instanceof DeadlineError)) throw error
    onUnanswered()
    throw new UnansweredError(`PostgreSQL did not answer within ${answerMsMax} ms`)
  }
}

export function createPool(options: PoolOptions): Pool {
  const { answerMsMax, onReadOnly } = options
  let renewedAt = Number.NEGATIVE_INFINITY
  const replaced = new Set<Generation>()
  let current = start()

  function start(): Generation {
    const generation = createGeneration(options)
    if (answerMsMax !== null) {
      const onUnanswered = (): void => replace(generation, answerMsMax)
      watches.set(generation.sql, { answerMsMax, onUnanswered, onReadOnly })
    }
    return generation
  }

  /** Unanswered statements do it at most once in `answerMsMax`, and what is replaced is gone after as long again. */
  function replace(generation: Generation, endMsMax: number): void {
    if (generation !== current) return
    current = start()
    replaced.add(generation)
    void generation.end(endMsMax).finally(() => replaced.delete(generation))
  }

  return {
    get sql() {
      return current.sql
    },
    renew() {
      if (answerMsMax === null || performance.now() - renewedAt < renewIntervalMsMin) return
      renewedAt = performance.now()
      replace(current, answerMsMax)
    },
    async close(timeoutMs) {
      for (const generation of replaced) generation.breakOff()
      await current.end(timeoutMs)
    },
  }
}

function createGeneration({ server, createSql }: PoolOptions): Generation {
  const { host, port } = server
  const address = host.startsWith('/') ? { path: host } : { host, port }
  const sockets = new Set<Socket>()
  let ended = false

  function openSocket(): Socket {
    for (const socket of sockets) if (socket.destroyed) sockets.delete(socket)
    const socket = connect(address)
    sockets.add(socket)
    // A unix socket may fail before the driver listens, and an error that nobody hears ends the process.
    socket.on('error', () => undefined)
    // The driver would connect again at once, and for ever, to a server that takes connections and ends them without a word.
    socket.on('end', () => socket.destroy(closedByServer()))
    // A pool that was ended while it waited to connect again would connect all the same, and stay.
    if (ended) setImmediate(() => socket.destroy(closedByServer()))
    // For the driver's messages, and for the name that TLS asks for.
    return Object.assign(socket, { host, port })
  }

  /** The driver's own end leaves sockets open until the other side agrees. */
  function breakOff(): void {
    ended = true
    for (const socket of sockets) socket.destroy()
  }

  const sql = createSql(openSocket)
  return {
    sql,
    async end(timeoutMs) {
      await sql.end({ timeout: timeoutMs / 1000 })
      breakOff()
    },
    breakOff,
  }
}

function closedByServer(): Error {
  return Object.assign(new Error('PostgreSQL closed the connection'), { code: 'ECONNRESET' })
}
