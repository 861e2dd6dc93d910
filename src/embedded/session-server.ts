/** PostgreSQL's protocol on a unix socket, for clients that share the engine's one session. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Engine } from './engine.ts'
import type { GateClient, SessionGate, Work } from './session-gate.ts'
import { closeStatementMessage, queryMessage, RequestReader, syncMessage } from './wire-messages.ts'

/** Clients at once. They take turns, so more than a few gain nothing; this only bounds memory. */
export const CONNECTIONS_MAX = 200

export class SessionServer {
  readonly #engine: Engine
  readonly #gate: SessionGate
  readonly #server: Server
  readonly #sockets: Set<Socket> = new Set()

  constructor(engine: Engine, gate: SessionGate) {
    this.#engine = engine
    this.#gate = gate
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = CONNECTIONS_MAX
  }

  /** @throws when the socket cannot be made */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(path, resolve)
    })
  }

  /** Ends every connection at once; an open transaction is rolled back by what ends the engine. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    const reader = new RequestReader()
    const client: GateClient = { pending: [], onOverdue: () => socket.destroy() }

    const onData = (chunk: Buffer) => {
      try {
        reader.push(chunk)
        this.#submitRequests(socket, client, reader)
      } catch {
        // A WireError: whoever it is does not speak the protocol, and has no use for an answer in it.
        socket.destroy()
      }
    }
    const onClose = () => {
      this.#sockets.delete(socket)
      this.#gate.abandon(client, this.#cleanup(client, reader))
    }
    socket.on('data', onData)
    socket.on('error', () => socket.destroy())
    socket.on('close', onClose)
  }

  #submitRequests(socket: Socket, client: GateClient, reader: RequestReader): void {
    for (let request = reader.next(); request !== undefined; request = reader.next()) {
      switch (request.kind) {
        case 'refuseEncryption':
          socket.write('N')
          break
        // One thread runs everything: by the time a cancel is read, its statement is over.
        case 'cancel':
        case 'terminate':
          socket.end()
          return
        case 'messages':
          this.#gate.submit(client, this.#exchange(request.bytes, request.endsTurn, socket))
          break
        default:
          request satisfies never
      }
    }
  }

  #exchange(bytes: Buffer, endsTurn: boolean, socket: Socket | null): Work {
    const run = async () => {
      const reply = await this.#engine.exchange(bytes)
      if (socket?.writable) socket.write(Buffer.concat(reply))
    }
    return { run, endsTurn }
  }

  /** What a client that is gone left in the shared session. */
  #cleanup(client: GateClient, reader: RequestReader): Work | undefined {
    const messages: Buffer[] = []
    if (this.#gate.owns(client)) {
      // The first ends a request without Sync; after an error only Sync is heard; then what BEGIN began.
      messages.push(queryMessage('ROLLBACK'), syncMessage, queryMessage('ROLLBACK'))
    }
    if (reader.statements.size > 0) {
      for (const name of reader.statements) messages.push(closeStatementMessage(name))
      messages.push(syncMessage)
    }
    if (messages.length === 0) return undefined
    return this.#exchange(Buffer.concat(messages), true, null)
  }
}
