/** A TCP proxy between a process under test and one server, whose network can be made faulty at run time. */
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * | state | what becomes of bytes and connections |
 * |---|---|
 * | pass | as they are |
 * | delay | each chunk comes `delayMs` later, both ways |
 * | cut | all connections are reset, new ones refused |
 * | stall | nothing moves; once healed, what was sent meanwhile arrives, in order, and then the ends |
 * | blackhole | connections are kept and made, all bytes are swallowed, nobody hears of an end |
 * | half-open | the server's ends are closed, the clients never hear of it; new connections pass |
 * | corrupt | every chunk from the server is replaced by as many random bytes |
 *
 * A connection that has lost bytes never gets well: healed, it stays dead, and new ones pass.
 */
export type NetworkState =
  | 'pass'
  | 'delay'
  | 'cut'
  | 'stall'
  | 'blackhole'
  | 'half-open'
  | 'corrupt'

export interface TcpProxyOptions {
  readonly host: string
  readonly port: number
  readonly delayMs?: number
  /** Of the random bytes: the same seed, the same bytes. */
  readonly seed?: number
}

export interface TcpProxy {
  readonly host: string
  readonly port: number
  readonly hostPort: string
  /** Connections that clients have made so far. */
  readonly accepted: number
  /** Of these, those that their client has not ended. */
  readonly open: number
  become(state: NetworkState): Promise<void>
  close(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  dead: boolean
}

const proxyHost = '127.0.0.1'
const delayMsDefault = 50

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { delayMs = delayMsDefault } = options
  const randomByte = byteSource(options.seed ?? 1)
  const links = new Set<Link>()
  let state: NetworkState = 'pass'
  let accepted = 0
  let listener: Server | null = await listen(0)
  const { port } = listener.address() as { port: number }

  function listen(onPort: number): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, link)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(onPort, proxyHost, () => resolve(server))
    })
  }

  function link(client: Socket): void {
    accepted++
    const server = connect({ host: options.host, port: options.port, allowHalfOpen: true })
    const made: Link = { client, server, dead: state === 'blackhole' }
    links.add(made)
    if (state === 'stall') pause(made)
    forward(made, client, server, (chunk) => chunk)
    forward(made, server, client, (chunk) => (state === 'corrupt' ? noise(chunk) : chunk))
  }

  function forward(
    made: Link,
    from: Socket,
    to: Socket,
    changed: (chunk: Buffer) => Uint8Array,
  ): void {
    let delayed = 0
    // What follows something that is delayed must not overtake it.
    function send(action: () => void): void {
      if (made.dead) return
      if (state !== 'delay' && delayed === 0) {
        action()
        return
      }
      delayed++
      setTimeout(() => {
        delayed--
        if (!made.dead) action()
      }, delayMs)
    }
    from.on('data', (chunk: Buffer) => {
      const bytes = changed(chunk)
      send(() => to.write(bytes))
    })
    from.on('end', () => send(() => to.end()))
    from.on('error', () => send(() => to.resetAndDestroy()))
    from.on('close', () => {
      if (made.client.destroyed && made.server.destroyed) links.delete(made)
    })
  }

  function noise(chunk: Buffer): Uint8Array {
    return Uint8Array.from(chunk, randomByte)
  }

  function pause({ client, server }: Link): void {
    client.pause()
    server.pause()
  }

  return {
    host: proxyHost,
    port,
    hostPort: `${proxyHost}:${port}`,
    get accepted() {
      return accepted
    },
    get open() {
      return [...links].filter(({ client }) => client.readyState === 'open').length
    },
    async become(next) {
      state = next
      for (const made of links) {
        const { client, server } = made
        if (next === 'stall') {
          pause(made)
          continue
        }
        if (next === 'cut') reset(made)
        if (next === 'blackhole') made.dead = true
        if (next === 'half-open') {
          made.dead = true
          server.destroy()
        }
        client.resume()
        server.resume()
      }
      if (next === 'cut') {
        listener?.close()
        listener = null
      } else {
        listener ??= await listen(port)
      }
    },
    async close() {
      for (const made of links) reset(made)
      await new Promise<void>((resolve) => {
        if (listener === null) resolve()
        else listener.close(() => resolve())
      })
    },
  }
}

function reset(made: Link): void {
  made.dead = true
  made.client.resetAndDestroy()
  made.server.resetAndDestroy()
}

/** Mulberry32: small, seeded, good enough for noise. */
function byteSource(seed: number): () => number {
  let word = seed
  return () => {
    word = (word + 0x6d2b79f5) | 0
    let mixed = Math.imul(word ^ (word >>> 15), 1 | word)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
}
