/** Reading a JSON body: its type, its size and its syntax, each with its own problem. */
import type { Problem } from './problems.ts'

export type BodyResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem }

/** UTF-8 is the only encoding of JSON between systems (RFC 8259 §8.1); a body with bytes that are none is refused. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

const jsonTypePattern = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?;?[ \t]*$/i

/**
 * The body's value. A body of announced length is refused unread when it is too long; one of unknown length (chunked) is
 * read up to the limit and no further.
 */
export async function readJson(request: Request, bytesMax: number): Promise<BodyResult> {
  const { headers } = request
  const type = headers.get('content-type')
  if (type !== 'application/json' && !jsonTypePattern.test(type ?? '')) return unsupported
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') return unsupportedEncoding

  const announced = headers.get('content-length')
  if (announced !== null && Number(announced) > bytesMax) return tooLarge(bytesMax)
  try {
    const bytes = await readBytes(request, announced !== null, bytesMax)
    if (bytes === null) return tooLarge(bytesMax)
    return { ok: true, value: JSON.parse(utf8.decode(bytes)) }
  } catch {
    // Not JSON, not UTF-8, or the client broke off. The parser's own message quotes the body: it stays here.
    return malformed
  }
}

/** Null when there are more than `bytesMax`. */
async function readBytes(
  request: Request,
  isAnnounced: boolean,
  bytesMax: number,
): Promise<Uint8Array | null> {
  if (isAnnounced || request.body === null) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > bytesMax) return null
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

const malformed: BodyResult = {
  ok: false,
  problem: { kind: 'malformed-json', detail: 'The body must be one JSON value in UTF-8.' },
}

const unsupported: BodyResult = {
  ok: false,
  problem: {
    kind: 'unsupported-media-type',
    detail: 'Send the body as application/json in UTF-8.',
    headers: { accept: 'application/json' },
  },
}

const unsupportedEncoding: BodyResult = {
  ok: false,
  problem: {
    kind: 'unsupported-media-type',
    detail: 'Send the body without a content encoding.',
    headers: { 'accept-encoding': 'identity' },
  },
}

function tooLarge(bytesMax: number): BodyResult {
  const detail = `The body may have at most ${bytesMax} bytes.`
  // What is left of the body is not worth reading, so the connection cannot be used again.
  return {
    ok: false,
    problem: { kind: 'body-too-large', detail, headers: { connection: 'close' } },
  }
}
