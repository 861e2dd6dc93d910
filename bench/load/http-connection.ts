/**
 * One keep-alive connection with one request on it at a time, written and read as raw bytes: what the generator costs is
 * taken from the servers it measures.
 */
import type { Socket } from 'bun'

export interface HttpAnswer {
  readonly status: number
  /** Head and body. */
  readonly text: string
}

export interface HttpConnection {
  send(request: Uint8Array): void
  close(): void
}

export interface HttpConnectionListener {
  onAnswer(answer: HttpAnswer): void
  /** It ended, or answered what is not HTTP with a length; nothing comes any more. */
  onBroken(): void
}

const headEnd = '\r\n\r\n'
const lengthPattern = /\r\ncontent-length: *(\d+)/i

export async function openHttpConnection(
  hostname: string,
  port: number,
  listener: HttpConnectionListener,
): Promise<HttpConnection> {
  let unsent: Uint8Array | null = null
  let received = ''
  /** Of head and body together; null until the head is complete. */
  let expected: number | null = null
  let closed = false

  function write(socket: Socket, bytes: Uint8Array): void {
    const written = socket.write(bytes)
    unsent = written < bytes.length ? bytes.subarray(Math.max(0, written)) : null
  }

  function broken(): void {
    if (closed) return
    closed = true
    listener.onBroken()
  }

  function take(): void {
    if (expected === null) {
      const end = received.indexOf(headEnd)
      if (end < 0) return
      const length = lengthPattern.exec(received.slice(0, end))?.[1]
      if (length === undefined) {
        broken()
        return
      }
      expected = end + headEnd.length + Number(length)
    }
    if (received.length < expected) return
    const text = received
    received = ''
    expected = null
    listener.onAnswer({ status: Number(text.slice(9, 12)), text })
  }

  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data(_, chunk) {
        // A byte a character: lengths stay lengths, and ids are ASCII.
        received += chunk.toString('latin1')
        take()
      },
      drain(open) {
        if (unsent !== null) write(open, unsent)
      },
      close: broken,
      error: broken,
    },
  })
  return {
    send: (request) => write(socket, request),
    close() {
      closed = true
      socket.end()
    },
  }
}
