/**
 * The Idempotency-Key of a request (draft-ietf-httpapi-idempotency-key-header): whoever does not know what became of a request
 * sends it again with the same key, and it is carried out once.
 */

/** So long an answer is kept. */
export const idempotencyMs = 24 * 3_600_000

export const idempotencyKeyLengthMax = 255

/** A string of structured fields (RFC 9651 §3.3.3): quoted, with \" and \\. */
const quotedPattern = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
/** As many clients send it: without quotes. */
const barePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The key, or null when the value of the header is none. Quoted or not it is the same key. */
export function parseIdempotencyKey(value: string): string | null {
  const quoted = quotedPattern.exec(value)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  const key = quoted ?? (barePattern.test(value) ? value : '')
  return key !== '' && key.length <= idempotencyKeyLengthMax ? key : null
}
