/** Credentials of a request, and comparing them. */
import { hash, timingSafeEqual } from 'node:crypto'

/** Whether the request brings this secret as a bearer token; one that is unset or empty nobody has. */
export function isAuthentic(request: Request, secret: string | null | undefined): boolean {
  const given = bearerToken(request.headers.get('authorization'))
  const expected = secret === null || secret === undefined || secret === '' ? null : secret
  const isEqual = timingSafeEqual(sha256(given ?? ''), sha256(expected ?? ''))
  return isEqual && given !== null && expected !== null
}

/** The bearer token, or the value of X-API-Key; null when there is neither. An Authorization of another scheme is what it is. */
export function credentialOf({ headers }: Request): string | null {
  const authorization = headers.get('authorization')
  if (authorization === null) return headers.get('x-api-key')
  return bearerToken(authorization) ?? ''
}

/** The token of `Bearer <token>` (RFC 6750 §2.1; the scheme's case does not matter), or null. */
function bearerToken(authorization: string | null): string | null {
  return /^bearer +(.+)$/i.exec(authorization ?? '')?.[1] ?? null
}

/** Hashes are equally long, so that comparing them takes a time that does not tell where they differ. */
export function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}
