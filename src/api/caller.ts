/** Who a request comes from: the holder of an API key, whoever has the admin token, or somebody on this machine. */
import { timingSafeEqual } from 'node:crypto'
import { keyPrefixOf, type Scope } from '../domain/api-key.ts'
import type { Actor } from '../domain/audit.ts'
import type { KnownKey } from '../store/api-keys.ts'
import type { RefusalReason } from './api-metrics.ts'
import { credentialOf, sha256 } from './credentials.ts'
import type { KeyCache } from './key-cache.ts'
import type { Problem } from './problems.ts'
import type { Exchange } from './route.ts'
import type { Caller } from './signed-in.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export type { Caller } from './signed-in.ts'

/** Who it is, when they may do what has this scope; or what they are told. At once, when the key is known. */
export type Access = (exchange: Exchange, scope: Scope) => Answer | Promise<Answer>
type Answer = Caller | Problem

export interface AccessOptions {
  readonly keys: KeyCache
  /** Null: nobody has it. */
  readonly adminToken: string | null
  readonly classify: ClassifyDatabaseError
  /** A key was taken. */
  readonly onUse?: (prefix: string) => void
}

/** Of those who may act for every customer. */
const staff: Caller = { customerId: null, isAdminToken: true }
const keyless: Caller = { customerId: null, isKeyless: true }

export function createAccess({ keys, adminToken, classify, onUse }: AccessOptions): Access {
  const adminHash = adminToken === null ? null : sha256(adminToken)

  function decide(exchange: Exchange, scope: Scope): Answer | Promise<Answer> {
    const { signedIn } = exchange
    if (signedIn !== undefined) {
      return signedIn.scopes.includes(scope) ? signedIn.caller : withoutScope(scope)
    }
    const credential = credentialOf(exchange.request)
    if (credential === null) return withoutCredential(exchange, scope)
    const hash = sha256(credential)
    if (adminHash !== null && timingSafeEqual(hash, adminHash)) return staff
    const prefix = keyPrefixOf(credential)
    if (prefix === null) {
      return scope === 'admin' && adminToken === null ? adminOff : unknownCredential
    }
    const known = keys.find(prefix)
    return known instanceof Promise
      ? known.then((key) => used(prefix, judge(hash, key, scope, prefix)))
      : used(prefix, judge(hash, known, scope, prefix))
  }

  function used(prefix: string, answer: Answer): Answer {
    if (onUse !== undefined && !isProblem(answer)) onUse(prefix)
    return answer
  }

  function withoutCredential(exchange: Exchange, scope: Scope): Answer | Promise<Answer> {
    if (scope === 'admin') return adminToken === null ? adminOff : unauthorized
    const areInUse = keys.areInUse()
    return areInUse instanceof Promise
      ? areInUse.then((known) => judgeKeyless(exchange, known))
      : judgeKeyless(exchange, areInUse)
  }

  return function access(exchange, scope) {
    try {
      const answer = decide(exchange, scope)
      return answer instanceof Promise ? answer.catch(failed) : answer
    } catch (error) {
      return failed(error)
    }
  }

  function failed(error: unknown): Problem {
    const failure = storeFailure(error, classify)
    if (failure === null) throw error
    return failure.problem
  }
}

export function isProblem(answer: Answer): answer is Problem {
  return 'kind' in answer
}

/** For the audit log. */
export function actorOf({ requestId }: Exchange, { isAdminToken, keyPrefix }: Caller): Actor {
  return { actor: isAdminToken ? 'admin-token' : (keyPrefix ?? 'local'), requestId }
}

/** Without keys there is nobody to tell apart: who is on this machine may send and read. */
function judgeKeyless(exchange: Exchange, areKeysInUse: boolean): Answer {
  if (areKeysInUse) return unauthorized
  return isLocal(exchange) ? keyless : onlyLocal
}

/** For the count: who is not let in, or whose key could not be read. */
export function deniedReason({ kind }: Problem): RefusalReason {
  return kind === 'unauthorized' || kind === 'forbidden' ? 'unauthorized' : 'database'
}

function judge(hash: Uint8Array, key: KnownKey | null, scope: Scope, keyPrefix: string): Answer {
  if (key === null || !timingSafeEqual(hash, key.hash)) return unknownCredential
  // Who has the whole key may know what became of it.
  switch (key.refusal) {
    case 'revoked':
      return { ...unauthorized, detail: 'The API key is revoked.' }
    case 'expired':
      return { ...unauthorized, detail: 'The API key has expired.' }
    case 'customer_disabled':
      return { kind: 'forbidden', detail: 'The customer of this API key is disabled.' }
    case null:
      break
    default:
      key.refusal satisfies never
  }
  if (!key.scopes.includes(scope)) return withoutScope(scope)
  return { customerId: key.customerId, keyPrefix }
}

function withoutScope(scope: Scope): Problem {
  return { kind: 'forbidden', detail: `The API key has not the scope "${scope}".` }
}

/** Of those that proxies and meshes add: what they bring is not this machine's own. */
const proxyHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-envoy-external-address',
  'cf-connecting-ip',
]

/** By a name that nobody else's DNS can give, or a web page could reach this machine through its user's browser. */
const localHostPattern = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/** Whether the request is of this machine itself, and of no web page that somebody else made. */
export function isLocal({ request, peerAddress }: Exchange): boolean {
  const { headers } = request
  if (proxyHeaders.some((name) => headers.has(name))) return false
  const host = headers.get('host') ?? new URL(request.url).host
  if (!localHostPattern.test(host)) return false
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}`) return false
  return isLoopback(peerAddress())
}

/**
 * 127.0.0.1, also as IPv6 maps it (RFC 4291 §2.5.5.2), or ::1, as the system writes them. Others of 127.0.0.0/8 are used by meshes for
 * what comes from elsewhere.
 */
function isLoopback(address: string | null): boolean {
  return /^(::ffff:)?127\.0\.0\.1$|^::1$/i.test(address ?? '')
}

const challenge = { 'www-authenticate': 'Bearer realm="sms-gateway"' }

const unauthorized: Problem = {
  kind: 'unauthorized',
  detail: 'Send an API key as a bearer token, or as X-API-Key.',
  headers: challenge,
}

const unknownCredential: Problem = { ...unauthorized, detail: 'There is no such API key.' }

const onlyLocal: Problem = {
  ...unauthorized,
  detail:
    'Without an API key only this machine itself is served, by its own name, until there is a first key: make one with "sms-gateway keys create", or with ADMIN_TOKEN through the API.',
}

const adminOff: Problem = {
  kind: 'admin-off',
  detail: 'The admin API takes ADMIN_TOKEN, which is not set, or an API key with the scope admin.',
}
