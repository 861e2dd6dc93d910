/** Signing in at the console: with an API key of staff that may administer, or with the admin token. */
import { z } from 'zod'
import type { Counters } from '../../limits/counters.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type Access, isProblem } from '../caller.ts'
import { bodyFaults, invalidRequest } from '../faults.ts'
import { mustBe } from '../fields.ts'
import { problemContentType, problemResponse } from '../problems.ts'
import type { ReadJson } from '../request-body.ts'
import type { Exchange } from '../route.ts'
import type { ConsoleSessions } from './console-session.ts'

export interface SignInOptions {
  readonly sessions: Pick<ConsoleSessions, 'open'>
  readonly access: Access
  readonly counters: Pick<Counters, 'take'>
  readonly readJson: ReadJson
  readonly logger: Logger
}

/** Failed attempts from one address within the window; with more it is locked out until the window ends. */
export const attemptsMax = 10
const lockOutSeconds = 900
const bodyBytesMax = 1_024

const keyRule = mustBe('an API key or the admin token')
const signInSchema = z.strictObject(
  { key: z.string({ error: keyRule }).min(1, { error: keyRule }).max(512, { error: keyRule }) },
  { error: mustBe('a JSON object') },
)

export function createSignIn(options: SignInOptions) {
  const { sessions, access, counters, readJson, logger } = options

  return async function signIn(exchange: Exchange): Promise<Response> {
    const { request, requestId } = exchange
    if (!isOfThisSite(request)) return problemResponse(elsewhere, requestId)
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return problemResponse(body.failure.problem, requestId)
    const parsed = signInSchema.safeParse(body.value)
    if (!parsed.success) return problemResponse(invalidRequest(bodyFaults(parsed.error)), requestId)

    const address = exchange.peerAddress() ?? 'unknown'
    const key = `console|${address}`
    // Counted before it is looked at, so that many at once get no further than one after the other.
    const { grants, giveBack } = await counters.take([
      { key, count: 1, limit: attemptsMax, windowS: lockOutSeconds, isOfDestination: false },
    ])
    const [grant] = grants
    if (grant === undefined || grant.granted === 0) {
      logger.warn({ event: 'console.locked_out', address, request_id: requestId })
      return lockedOut(grant?.endsInMs ?? lockOutSeconds * 1000, requestId)
    }
    const { key: credential } = parsed.data
    const caller = await access({ ...exchange, request: withCredential(credential) }, 'admin')
    if (isProblem(caller)) {
      logger.info({ event: 'console.refused', address, request_id: requestId, kind: caller.kind })
      // Whoever has a whole key that is in force does not guess.
      if (caller.kind === 'unavailable' || caller.kind === 'forbidden') {
        await giveBack(new Map([[key, 1]]))
        return problemResponse(caller, requestId)
      }
      const detail = caller.kind === 'admin-off' ? 'There is no such API key.' : caller.detail
      // Not 401, which asks for a credential in a header.
      return problemResponse({ kind: 'forbidden', detail }, requestId)
    }
    await giveBack(new Map([[key, 1]]))
    const cookie = await sessions.open(exchange, caller, credential)
    return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
  }
}

function withCredential(credential: string): Request {
  const headers = new Headers()
  // What cannot be a header's value is no credential either.
  if (/^[\x21-\x7e]+$/.test(credential)) headers.set('authorization', `Bearer ${credential}`)
  else headers.set('authorization', 'none')
  return new Request('http://localhost/', { headers })
}

/** Browsers say where a request was made (Fetch Metadata, and Origin); what is no browser says nothing. */
export function isOfThisSite({ headers, url }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  const origin = headers.get('origin')
  if (origin === null) return true
  const host = headers.get('host') ?? new URL(url).host
  return URL.canParse(origin) && new URL(origin).host === host
}

export const elsewhere = {
  kind: 'forbidden',
  detail: 'The request was made by a page of another site.',
} as const

function lockedOut(endsInMs: number, requestId: string): Response {
  const retryAfterSeconds = Math.ceil(endsInMs / 1000)
  const body = {
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    detail: `Too many keys were wrong. Try again in ${Math.ceil(retryAfterSeconds / 60)} min.`,
    request_id: requestId,
  }
  return new Response(JSON.stringify(body), {
    status: 429,
    headers: { 'content-type': problemContentType, 'retry-after': String(retryAfterSeconds) },
  })
}
