/** Credentials of a request: a secret, as a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether the request brings this secret; one that is unset or empty nobody has. */
export function isAuthentic(request: Request, secret: string | null | undefined): boolean {
  const given = bearerToken(request.headers.get('authorization'))
  const expected = secret === null || secret === undefined || secret === '' ? null : secret
  const isEqual = timingSafeEqual(sha256(given ?? ''), sha256(expected ?? ''))
  return isEqual && given !== null && expected !== null
}

/** The token of `Bearer <token>` (RFC 6750 §2.1; the scheme's case does not matter), or null. */
function bearerToken(authorization: string | null): string | null {
  return /^bearer +(.+)$/i.exec(authorization ?? '')?.[1] ?? null
}

/** Hashes are equally long, so that comparing them takes a time that does not tell where they differ. */
function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
