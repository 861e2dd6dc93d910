/** An HTTP server as a service: says where it listens, refuses to start with a sentence, stops after what is in flight. */
import type { Server } from 'bun'
import type { Service } from '../runtime/service.ts'
import { stopServer } from '../runtime/stop-server.ts'

export interface ListenAddress {
  readonly hostname: string
  readonly port: number
}

/** Whose address it is, for the sentence when it cannot be had. */
export interface ListenerName {
  readonly name: string
  /** The setting that holds the address: `APP_ADDR`. */
  readonly setting: string
}

export interface HttpListenerOptions extends ListenerName {
  readonly address: ListenAddress
  /** `peerAddress` tells where the connection comes from. */
  readonly fetch: (
    request: Request,
    peerAddress: () => string | null,
  ) => Response | Promise<Response>
  readonly maxRequestBodyBytes: number
  /** Connections without a byte for this long are closed. At most 255, the runtime's limit. */
  readonly idleTimeoutSeconds: number
  /** Several processes on one port: the kernel spreads connections over them. */
  readonly reusePort: boolean
  /** When stopping, requests in work get so long to be answered; connections that are still open then are cut off. */
  readonly stopGraceMs: number
}

export interface HttpListener extends Service {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly url: string
}

export function createHttpListener(options: HttpListenerOptions): HttpListener {
  const { name, address } = options
  let server: Server<undefined> | undefined

  return {
    name,
    get url() {
      return `http://${reachableHost(address.hostname)}:${server?.port ?? address.port}`
    },
    async start() {
      server = await listening(options, address, () =>
        Bun.serve({
          hostname: address.hostname,
          port: address.port,
          reusePort: options.reusePort,
          idleTimeout: options.idleTimeoutSeconds,
          maxRequestBodySize: options.maxRequestBodyBytes,
          fetch: (request, bun) =>
            options.fetch(request, () => bun.requestIP(request)?.address ?? null),
          error: () => new Response('internal error', { status: 500 }),
        }),
      )
    },
    async stop() {
      const stopped = server
      server = undefined
      if (stopped !== undefined) await stopServer(stopped, options.stopGraceMs)
    },
  }
}

/** Does what `listen` does. @throws with a sentence, when the address cannot be had */
export async function listening<T>(
  whose: ListenerName,
  address: ListenAddress,
  listen: () => T | Promise<T>,
): Promise<T> {
  try {
    return await listen()
  } catch (error) {
    throw new Error(listenFailure(whose, address, error), { cause: error })
  }
}

/** A process that was killed keeps its sockets until its memory is freed: a restart at once waits for that. */
const freedMsMax = 1_000
const freedLookMs = 50

/**
 * For a start that has long work to do before it listens.
 * @throws as `listening`, when the address cannot be had now or within a second
 */
export async function requireFree(whose: ListenerName, address: ListenAddress): Promise<void> {
  const deadline = performance.now() + freedMsMax
  for (;;) {
    try {
      Bun.listen({ ...address, socket: { data: () => undefined } }).stop(true)
      return
    } catch (error) {
      if (performance.now() < deadline && codeOf(error) === 'EADDRINUSE') {
        await Bun.sleep(freedLookMs)
        continue
      }
      throw new Error(listenFailure(whose, address, error), { cause: error })
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

function listenFailure(
  { name, setting }: ListenerName,
  { hostname, port }: ListenAddress,
  error: unknown,
): string {
  const code = codeOf(error)
  const where = `${reachableHost(hostname)}:${port}`
  if (code === 'EADDRINUSE') {
    return `${name}: ${where} is in use by another process; stop it, or choose another address with ${setting}`
  }
  if (code === 'EACCES') return `${name}: not allowed to listen on ${where} (${setting})`
  return `${name}: cannot listen on ${where} (${setting}): ${error instanceof Error ? error.message : String(error)}`
}

/** The host by which this machine reaches what listens there: a wildcard address is nothing to connect to. */
export function reachableHost(hostname: string): string {
  if (hostname === '0.0.0.0' || hostname === '') return '127.0.0.1'
  if (hostname === '::') return '[::1]'
  return hostname.includes(':') ? `[${hostname}]` : hostname
}
