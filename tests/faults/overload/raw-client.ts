/** Clients that misbehave on purpose, as raw bytes. */
import { connect, type Socket } from 'node:net'

export interface RawClient {
  /** What was answered, when the server has closed the connection or this client has left. */
  readonly answer: Promise<string>
  /** What was answered so far. */
  received(): string
  leave(): void
}

const pieceIntervalMs = 100

/** Sends `head`, then `piece` again and again until the connection is closed; nothing more without one. */
export async function openRawClient(
  url: string,
  head: string,
  piece: string | null = null,
): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const { promise: answer, resolve } = Promise.withResolvers<string>()
  let received = ''
  const socket = await connected(hostname, Number(port))
  const dribbling =
    piece === null ? undefined : setInterval(() => socket.write(piece), pieceIntervalMs)
  socket.on('data', (data) => {
    received += data.toString('latin1')
  })
  // A reset is an end like any other.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    clearInterval(dribbling)
    resolve(received)
  })
  socket.write(head)
  return { answer, received: () => received, leave: () => socket.destroy() }
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
