/** Waiting at start for servers that are not there yet: containers start in any order. */
import { pause } from '../runtime/notifier.ts'

export interface AwaitedServer {
  /** For the message, with its address and without secrets: `PostgreSQL at db:5432`. */
  readonly name: string
  readonly ping: () => Promise<unknown>
  /** Whether it answered, and will not have us. */
  readonly isRefusal?: (error: unknown) => boolean
}

export interface WaitOptions {
  readonly timeoutMs: number
  readonly say: (sentence: string) => void
  /** A refusal may pass: a container that starts makes its users and databases when it already answers. */
  readonly refusalsMayPass: boolean
}

const retryMs = 500
const sayEveryMs = 5_000
const never = new AbortController().signal

/**
 * Resolves when all have answered. Says what it waits for, at once and every few seconds.
 * @throws after `timeoutMs`, or at a refusal that may not pass, naming the server and what it said last
 */
export async function waitForServers(
  servers: readonly AwaitedServer[],
  options: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs
  await Promise.all(servers.map((server) => waitForServer(server, deadline, options)))
}

async function waitForServer(
  { name, ping, isRefusal }: AwaitedServer,
  deadline: number,
  { timeoutMs, say, refusalsMayPass }: WaitOptions,
): Promise<void> {
  let saidAt = Number.NEGATIVE_INFINITY
  for (;;) {
    try {
      await ping()
      return
    } catch (error) {
      const now = performance.now()
      const reason = describe(name, error)
      const refused = isRefusal?.(error) === true
      if (refused && (now >= deadline || !refusalsMayPass)) {
        throw new Error(`${name} refuses the connection: ${reason}`, { cause: error })
      }
      if (now >= deadline) {
        throw new Error(`${name} did not answer within ${timeoutMs} ms: ${reason}`, {
          cause: error,
        })
      }
      if (now - saidAt >= sayEveryMs) {
        say(`waiting for ${name}: ${reason}`)
        saidAt = now
      }
      await pause(Math.min(retryMs, Math.max(1, deadline - now)), never)
    }
  }
}

function describe(name: string, error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map((one) => describe(name, one)).join('; ')
  }
  const { message, code, cause } = error as { message?: unknown; code?: unknown; cause?: unknown }
  // The name is said already.
  if (`${message}`.startsWith(name) && cause instanceof Error) return describe(name, cause)
  if (typeof message === 'string' && message !== '') return message
  return typeof code === 'string' ? code : String(error)
}
