/** The submit's body, by the HTTP provider contract: checked loosely, as providers do. */

/** Longest submit body, in characters. */
export const submitLengthMax = 65_536
/** Longest reference and Idempotency-Key, in characters. */
export const referenceLengthMax = 200

export interface Submission {
  readonly reference: string
  /** Where its reports go; null wants none. */
  readonly callbackUrl: string | null
}

export interface InvalidSubmission {
  readonly fault: string
}

/** Reads a submit. Unknown fields are ignored. */
export function parseSubmission(body: string): Submission | InvalidSubmission {
  const fields = decodeObject(body)
  if (fields === null) return { fault: 'the body must be a JSON object' }
  const { to, from, text, reference, callback_url: callbackUrl } = fields
  if (!isText(to)) return { fault: 'to must be a phone number' }
  if (!isAbsent(from) && !isText(from)) return { fault: 'from must be a string' }
  if (typeof text !== 'string') return { fault: 'text must be a string' }
  if (!isText(reference) || reference.length > referenceLengthMax) {
    return { fault: `reference must be a string of 1 to ${referenceLengthMax} characters` }
  }
  if (isAbsent(callbackUrl)) return { reference, callbackUrl: null }
  if (typeof callbackUrl !== 'string' || !/^https?:\/\/./.test(callbackUrl)) {
    return { fault: 'callback_url must be an http or https URL' }
  }
  return { reference, callbackUrl }
}

/**
 * The key of an Idempotency-Key header: an RFC 8941 string, so quoted; a bare token is accepted too.
 * Null for none, or for one too long to remember.
 */
export function parseIdempotencyKey(header: string | null): string | null {
  if (header === null || header === '' || header.length > referenceLengthMax) return null
  if (!header.startsWith('"')) return header
  const end = header.endsWith('"') && header.length > 1 ? -1 : header.length
  const key = header.slice(1, end)
  return key.includes('\\') ? key.replace(/\\(["\\])/g, '$1') : key
}

function decodeObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return value as Record<string, unknown>
  } catch {
    return null
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
