/**
 * Frontend messages of PostgreSQL's protocol, version 3: those that are written here, and cutting a client's
 * bytes into requests. Format: https://www.postgresql.org/docs/18/protocol-message-formats.html
 */

const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
/** One request, from a client's first byte to its Sync. The largest batch of the store is far below. */
const REQUEST_BYTES_MAX = 64 * 1024 * 1024

export type Request =
  | { readonly kind: 'refuseEncryption' | 'cancel' | 'terminate' }
  /** Messages to run together. `endsTurn`: the server answers ReadyForQuery, so another client may follow. */
  | { readonly kind: 'messages'; readonly bytes: Buffer; readonly endsTurn: boolean }

/** Simple query. */
export function queryMessage(statement: string): Buffer {
  return message('Q', `${statement}\0`)
}

/** Drops a prepared statement; no error when there is none. */
export function closeStatementMessage(name: string): Buffer {
  return message('C', `S${name}\0`)
}

export const syncMessage: Buffer = message('S', '')

function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`)
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}

/** The client does not speak the protocol, or asks for too much; its connection must end. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Cuts one client's bytes into requests, and knows the prepared statements it has made. */
export class RequestReader {
  /** Names of statements parsed and not closed since; the unnamed one is not counted. */
  readonly statements: Set<string> = new Set()
  #buffer: Buffer = Buffer.alloc(8192)
  #length = 0
  /** Start of the first message that has not been looked at. */
  #scanned = 0
  #started = false

  push(chunk: Buffer): void {
    const needed = this.#length + chunk.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    chunk.copy(this.#buffer, this.#length)
    this.#length = needed
  }

  /** The next complete request, or undefined until more bytes come. @throws WireError */
  next(): Request | undefined {
    return this.#started ? this.#nextMessages() : this.#startup()
  }

  #startup(): Request | undefined {
    if (this.#length < 8) return undefined
    const size = checkedSize(this.#buffer.readInt32BE(0), 8)
    if (this.#length < size) return undefined
    const code = this.#buffer.readInt32BE(4)
    const bytes = this.#take(size)
    if (code === SSL_REQUEST || code === GSS_REQUEST) return { kind: 'refuseEncryption' }
    if (code === CANCEL_REQUEST) return { kind: 'cancel' }
    this.#started = true
    return { kind: 'messages', bytes, endsTurn: true }
  }

  #nextMessages(): Request | undefined {
    while (this.#length - this.#scanned >= 5) {
      const start = this.#scanned
      const end = start + 1 + checkedSize(this.#buffer.readInt32BE(start + 1), 4)
      if (end > REQUEST_BYTES_MAX) throw new WireError('request too large')
      if (this.#length < end) return undefined
      this.#scanned = end
      const type = String.fromCharCode(this.#buffer[start] ?? 0)
      if (type === 'P' || type === 'C') this.#noteStatement(type, start + 5)
      // A terminate drops whatever it follows, as the server does with a request that has no Sync.
      if (type === 'X') return { kind: 'terminate' }
      if (type === 'S' || type === 'Q' || type === 'F' || type === 'H') {
        return { kind: 'messages', bytes: this.#take(end), endsTurn: type !== 'H' }
      }
    }
    return undefined
  }

  #noteStatement(type: 'P' | 'C', bodyStart: number): void {
    const isPortal = type === 'C' && this.#buffer[bodyStart] !== 'S'.charCodeAt(0)
    if (isPortal) return
    const nameStart = type === 'C' ? bodyStart + 1 : bodyStart
    const name = this.#buffer.toString('utf8', nameStart, this.#buffer.indexOf(0, nameStart))
    if (type === 'C') this.statements.delete(name)
    else if (name !== '') this.statements.add(name)
  }

  /** Copies out the first `count` bytes and moves the rest to the front. */
  #take(count: number): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, count))
    this.#buffer.copyWithin(0, count, this.#length)
    this.#length -= count
    this.#scanned = 0
    return taken
  }
}

function checkedSize(size: number, minimum: number): number {
  if (size < minimum || size > REQUEST_BYTES_MAX) throw new WireError(`message of ${size} bytes`)
  return size
}
