/** Stopping an HTTP server without failing the requests it has. */
import { DeadlineError, withDeadline } from './deadline.ts'

/**
 * Closing a connection fails the request that is on its way there, and no server can tell. A client that was answered 503 with
 * `Retry-After` sends none: for so long everybody is, before connections are closed.
 */
export const turnAwayMs = 250

/** The part of `Bun.serve`'s server that is needed. */
export interface StoppableServer {
  /** Closes what is idle and resolves when the rest has ended; with true everything is cut off. */
  stop(closeActiveConnections?: boolean): Promise<void>
}

/**
 * Takes nothing more, and lets requests in work be answered for `graceMs`. What is open then is cut off: by that time only
 * clients hang, that do not send the rest of a request or do not read its answer.
 */
export async function stopServer(server: StoppableServer, graceMs: number): Promise<void> {
  try {
    await withDeadline('requests in work', graceMs, server.stop())
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
    await server.stop(true)
  }
}
