/**
 * Who uses the console: whoever signed in with a credential that may administer, by a cookie that scripts cannot read and that
 * is sent nowhere but to the console (RFC 6265bis §4.1: HttpOnly, SameSite=Strict, Path); or, where it opens locally, somebody
 * on this machine while there is neither a key nor an admin token.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Scope, scopes } from '../../domain/api-key.ts'
import type { ConsoleSession } from '../../store/console-sessions.ts'
import type { Store } from '../../store/store.ts'
import { isLocal } from '../caller.ts'
import { sha256 } from '../credentials.ts'
import type { KeyCache } from '../key-cache.ts'
import type { Exchange } from '../route.ts'
import type { Caller, SignedIn } from '../signed-in.ts'

export interface ConsoleSessionOptions {
  readonly store: Pick<Store, 'findConsoleSession' | 'endConsoleSession' | 'recorded'>
  readonly keys: Pick<KeyCache, 'find' | 'areInUse'>
  readonly adminToken: string | null
  readonly opensLocally: boolean
}

export interface OpenSession extends SignedIn {
  /** What a request that changes something must bring in a header: only pages of this server can read it. */
  readonly csrfToken: string
  readonly isLocal: boolean
}

export interface ConsoleSessions {
  /** Null: nobody is signed in. @throws when the store cannot be asked */
  find(exchange: Exchange): Promise<OpenSession | null>
  /** @returns the value of Set-Cookie */
  open(exchange: Exchange, caller: Caller, credential: string): Promise<string>
  /** Safe to repeat. @returns the value of Set-Cookie */
  end(exchange: Exchange): Promise<string>
}

export const sessionCookie = 'sms_gateway_console'
export const sessionLifeMs = 12 * 3_600_000
const cookiePath = '/console'

/** What is no token of ours is not looked up. */
const tokenBytes = 32
const tokenPattern = /^[\w-]{43}$/

export function createConsoleSessions(options: ConsoleSessionOptions): ConsoleSessions {
  const { store, keys, adminToken } = options
  const localCsrfToken = randomBytes(24).toString('base64url')
  const adminProof = adminToken === null ? null : proofOf(sha256(adminToken))

  /** What the session's credential may do now; null when it is not in force any more. */
  async function signedInBy({
    keyPrefix,
    credentialHash,
  }: ConsoleSession): Promise<SignedIn | null> {
    if (keyPrefix === null) {
      const isSame = adminProof !== null && timingSafeEqual(adminProof, credentialHash)
      return isSame ? { caller: { customerId: null, isAdminToken: true }, scopes } : null
    }
    const key = await keys.find(keyPrefix)
    if (key === null || key.refusal !== null || !key.scopes.includes('admin')) return null
    if (!timingSafeEqual(proofOf(key.hash), credentialHash)) return null
    return { caller: { customerId: key.customerId, keyPrefix }, scopes: key.scopes }
  }

  async function findLocal(exchange: Exchange): Promise<OpenSession | null> {
    if (!options.opensLocally || adminToken !== null || !isLocal(exchange)) return null
    if (await keys.areInUse()) return null
    return {
      caller: { customerId: null, isKeyless: true },
      scopes,
      csrfToken: localCsrfToken,
      isLocal: true,
    }
  }

  return {
    async find(exchange) {
      const token = tokenOf(exchange.request)
      if (token === null) return await findLocal(exchange)
      const session = await store.findConsoleSession(sha256(token))
      const signedIn = session === null ? null : await signedInBy(session)
      if (signedIn === null) return await findLocal(exchange)
      return { ...signedIn, csrfToken: csrfTokenOf(token), isLocal: false }
    },
    async open(exchange, caller, credential) {
      const token = randomBytes(tokenBytes).toString('base64url')
      const actor = caller.keyPrefix ?? 'admin-token'
      await store.recorded(
        { actor, requestId: exchange.requestId },
        (changes) =>
          changes.openConsoleSession({
            tokenHash: sha256(token),
            credentialHash: proofOf(sha256(credential)),
            keyPrefix: caller.keyPrefix ?? null,
            lifeMs: sessionLifeMs,
          }),
        () => ({ action: 'console.signed_in', target: actor }),
      )
      return cookie(exchange.request, token, sessionLifeMs / 1000)
    },
    async end({ request }) {
      const token = tokenOf(request)
      if (token !== null) await store.endConsoleSession(sha256(token))
      return cookie(request, '', 0)
    },
  }
}

/** Whether the request brings the session's token, as those must that change something. */
export function hasCsrfToken({ headers }: Request, { csrfToken }: OpenSession): boolean {
  return timingSafeEqual(sha256(headers.get('x-csrf-token') ?? ''), sha256(csrfToken))
}

export const mayAdminister = (given: readonly Scope[]): boolean => given.includes('admin')

/** Kept of a credential's hash: the session ends when another credential takes its place. */
function proofOf(credentialHash: Uint8Array): Uint8Array {
  return hash('sha256', credentialHash, 'buffer')
}

function csrfTokenOf(token: string): string {
  return hash('sha256', `csrf ${token}`, 'base64url')
}

function tokenOf({ headers }: Request): string | null {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === sessionCookie && tokenPattern.test(value ?? '')) return value ?? null
  }
  return null
}

/** Marked `Secure` behind a proxy that ends TLS and says so. */
function cookie({ url, headers }: Request, value: string, lifeSeconds: number): string {
  const isSecure = url.startsWith('https:') || headers.get('x-forwarded-proto') === 'https'
  return [
    `${sessionCookie}=${value}`,
    `Path=${cookiePath}`,
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${lifeSeconds}`,
    ...(isSecure ? ['Secure'] : []),
  ].join('; ')
}
