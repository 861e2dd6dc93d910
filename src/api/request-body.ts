/** Reading a JSON body: its type, its size and its syntax, each with its own problem. */
import { type BodyReads, bodyReadsDefault, type TakeBytes } from './body-reads.ts'
import { passingProblem } from './problems.ts'
import type { Failure } from './store-failure.ts'

export type BodyResult =
  | { readonly ok: true; readonly value: unknown; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly failure: Failure }

/** UTF-8 is the only encoding of JSON between systems (RFC 8259 §8.1); a body with bytes that are none is refused. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

const jsonTypePattern = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?;?[ \t]*$/i

export interface JsonBodyOptions {
  readonly bytesMax: number
  /**
   * Asked before the body is read and once more before it is parsed, which costs most of what a request costs: null when the
   * request is still wanted.
   */
  readonly refusal?: () => Failure | null
}

/** Reads the body of a request as `options` say. */
export type ReadJson = (request: Request, options: JsonBodyOptions) => Promise<BodyResult>

/**
 * The body's value. A body of announced length is refused unread when it is too long; one of unknown length (chunked) is
 * read up to the limit and no further.
 */
export function createReadJson(reads: BodyReads): ReadJson {
  return async function readJson(request, { bytesMax, refusal }) {
    const { headers } = request
    const type = headers.get('content-type')
    if (type !== 'application/json' && !jsonTypePattern.test(type ?? '')) return unsupported
    const encoding = headers.get('content-encoding')
    if (encoding !== null && encoding !== 'identity') return unsupportedEncoding

    const announced = headers.get('content-length')
    if (announced !== null && Number(announced) > bytesMax) return tooLarge(bytesMax)
    const early = refusal?.() ?? null
    if (early !== null) return { ok: false, failure: early }
    try {
      const bytes = await reads.run(Number(announced ?? 0), (take) =>
        readBytes(request, announced === null ? take : null, bytesMax),
      )
      if (bytes === null) return tooLarge(bytesMax)
      if (bytes === 'full') return full
      if (bytes === 'late') return tooSlow
      const late = refusal?.() ?? null
      if (late !== null) return { ok: false, failure: late }
      return { ok: true, value: JSON.parse(utf8.decode(bytes)), bytes }
    } catch {
      // Not JSON, not UTF-8, or the client broke off. The parser's own message quotes the body: it stays here.
      return malformed
    }
  }
}

/** For a request that needs no body: without one it is an empty object. */
export async function readOptionalJson(
  readJson: ReadJson,
  request: Request,
  bytesMax: number,
): Promise<BodyResult> {
  const isEmpty = request.body === null || request.headers.get('content-length') === '0'
  return isEmpty
    ? { ok: true, value: {}, bytes: new Uint8Array() }
    : await readJson(request, { bytesMax })
}

/** Null when there are more than `bytesMax`; `take` is null when there is room for them all. */
async function readBytes(
  request: Request,
  take: TakeBytes | null,
  bytesMax: number,
): Promise<Uint8Array | 'full' | null> {
  if (take === null || request.body === null) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > bytesMax) return null
    if (!take(chunk.byteLength)) return 'full'
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

const fault = (failure: Failure): BodyResult => ({ ok: false, failure })

const malformed = fault({
  problem: { kind: 'malformed-json', detail: 'The body must be one JSON value in UTF-8.' },
  reason: 'invalid',
})

const unsupported = fault({
  problem: {
    kind: 'unsupported-media-type',
    detail: 'Send the body as application/json in UTF-8.',
    headers: { accept: 'application/json' },
  },
  reason: 'invalid',
})

const unsupportedEncoding = fault({
  problem: {
    kind: 'unsupported-media-type',
    detail: 'Send the body without a content encoding.',
    headers: { 'accept-encoding': 'identity' },
  },
  reason: 'invalid',
})

// What is left of such a body is not worth reading, so the connection cannot be used again.
const lastOnConnection = { connection: 'close' }

function tooLarge(bytesMax: number): BodyResult {
  const detail = `The body may have at most ${bytesMax} bytes.`
  return fault({
    problem: { kind: 'body-too-large', detail, headers: lastOnConnection },
    reason: 'too_large',
  })
}

const tooSlow = fault({
  problem: {
    kind: 'body-too-slow',
    detail: `The body must arrive within ${bodyReadsDefault.readMsMax / 1_000} s of its head.`,
    headers: lastOnConnection,
  },
  reason: 'too_slow',
})

const busyRetrySeconds = 1
const busy = passingProblem(
  'overloaded',
  'As many bytes of bodies as may be read at once are being read.',
  busyRetrySeconds,
)
const full = fault({
  problem: { ...busy, headers: { ...busy.headers, ...lastOnConnection } },
  reason: 'bodies_full',
})
