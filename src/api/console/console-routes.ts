/**
 * `/console`: a page, what it is made of, and what it asks for. All that it does goes through `/console/api`, which is the API
 * for whoever is signed in; so the API itself takes no cookies, and no page can use it with somebody else's.
 */

import { createAssetServer } from '../assets.ts'
import { type Access, isProblem } from '../caller.ts'
import { credentialOf } from '../credentials.ts'
import { type Problem, problemResponse } from '../problems.ts'
import { type Exchange, jsonResponse, pathOf, type Route } from '../route.ts'
import { type ClassifyDatabaseError, storeFailure } from '../store-failure.ts'
import { consoleAssets, consoleContentSecurityPolicy, consolePage } from './console-page.ts'
import {
  type ConsoleSessions,
  hasCsrfToken,
  mayAdminister,
  type OpenSession,
} from './console-session.ts'
import type { Live } from './live.ts'
import type { LiveStream } from './live-stream.ts'
import { createRouteFinder } from './route-finder.ts'
import { elsewhere, isOfThisSite } from './sign-in.ts'

/** A setting as people may see it: without secrets. */
export interface ShownSetting {
  readonly name: string
  readonly value: string | null
  readonly source: string
  readonly description: string
}

export interface ConsoleRoutesOptions {
  readonly sessions: ConsoleSessions
  readonly signIn: (exchange: Exchange) => Promise<Response>
  readonly access: Access
  readonly live: Pick<Live, 'latest' | 'history'>
  readonly stream: LiveStream
  /** Those of the API. */
  readonly routes: readonly Route[]
  readonly configuration: () => readonly ShownSetting[]
  readonly version: string
  readonly classify: ClassifyDatabaseError
}

export const consolePath = '/console'
const apiPrefix = `${consolePath}/api`

export function consoleRoutes(options: ConsoleRoutesOptions): Route[] {
  const { sessions, live, stream, version } = options
  const serve = createAssetServer(consoleContentSecurityPolicy)
  const find = createRouteFinder(options.routes)

  /** What the store says against it is a problem, as anywhere. */
  function answering(handle: (exchange: Exchange) => Promise<Response>): Route['handle'] {
    return async (exchange) => {
      try {
        return await handle(exchange)
      } catch (error) {
        const failure = storeFailure(error, options.classify)
        if (failure === null) throw error
        return problemResponse(failure.problem, exchange.requestId)
      }
    }
  }

  /** Only for those who are signed in; what changes something, only with the page's own token. */
  function forSignedIn(
    handle: (exchange: Exchange, session: OpenSession) => Response | Promise<Response>,
  ): Route['handle'] {
    return answering(async (exchange) => {
      const { request, requestId } = exchange
      const session = await sessions.find(exchange)
      if (session === null || !mayAdminister(session.scopes)) {
        return problemResponse(signedOut, requestId)
      }
      const changes = request.method !== 'GET' && request.method !== 'HEAD'
      if (changes && !(isOfThisSite(request) && hasCsrfToken(request, session))) {
        return problemResponse(elsewhere, requestId)
      }
      return await handle(exchange, session)
    })
  }

  async function session(exchange: Exchange): Promise<Response> {
    return jsonResponse(toSessionBody(await sessions.find(exchange), version), 200, unstored)
  }

  async function signOut(exchange: Exchange): Promise<Response> {
    const cookie = await sessions.end(exchange)
    return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
  }

  /** For pages, and for commands, which bring a credential with the request. */
  async function watch(exchange: Exchange): Promise<Response> {
    const refusal = await refusalOf(exchange)
    if (refusal !== null) return problemResponse(refusal, exchange.requestId)
    const { latest, history } = live
    const first = [
      { name: 'history', data: history },
      ...(latest === null ? [] : [{ name: 'figures', data: latest }]),
    ]
    const isAllowed = async (): Promise<boolean> => (await refusalOf(exchange)) === null
    return stream.open(first, isAllowed) ?? problemResponse(tooMany, exchange.requestId)
  }

  async function refusalOf(exchange: Exchange): Promise<Problem | null> {
    if (credentialOf(exchange.request) !== null) {
      const caller = await options.access(exchange, 'admin')
      return isProblem(caller) ? caller : null
    }
    const session = await sessions.find(exchange)
    return session !== null && mayAdminister(session.scopes) ? null : signedOut
  }

  function forward(
    exchange: Exchange,
    { caller, scopes }: OpenSession,
  ): Response | Promise<Response> {
    const path = pathOf(exchange.request.url).slice(consolePath.length)
    const found = find(exchange.request.method, path)
    if (found === null) return problemResponse(noSuchAddress, exchange.requestId)
    return found.route.handle({ ...exchange, param: found.param, signedIn: { caller, scopes } })
  }

  const asset: Route['handle'] = (exchange) => {
    const found = consoleAssets.get(exchange.param('asset'))
    return found === undefined
      ? problemResponse(noSuchAddress, exchange.requestId)
      : serve(found, exchange)
  }

  return [
    { method: 'GET', path: consolePath, handle: (exchange) => serve(consolePage, exchange) },
    { method: 'GET', path: `${consolePath}/assets/:asset`, handle: asset },
    { method: 'GET', path: `${consolePath}/session`, handle: answering(session) },
    { method: 'POST', path: `${consolePath}/sign-in`, handle: answering(options.signIn) },
    { method: 'POST', path: `${consolePath}/sign-out`, handle: forSignedIn(signOut) },
    { method: 'GET', path: `${consolePath}/live`, handle: answering(watch) },
    {
      method: 'GET',
      path: `${consolePath}/configuration`,
      handle: forSignedIn(() => jsonResponse({ version, settings: options.configuration() })),
    },
    ...(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map(
      (method): Route => ({ method, path: `${apiPrefix}/*`, handle: forSignedIn(forward) }),
    ),
  ]
}

function toSessionBody(session: OpenSession | null, version: string) {
  if (session === null || !mayAdminister(session.scopes)) return { signed_in: false, version }
  const { caller, scopes, csrfToken, isLocal } = session
  return {
    signed_in: true,
    who: isLocal ? 'this machine' : (caller.keyPrefix ?? 'admin token'),
    can_sign_out: !isLocal,
    scopes,
    csrf_token: csrfToken,
    version,
  }
}

const unstored = { 'cache-control': 'no-store' }

const signedOut = {
  kind: 'unauthorized',
  detail: 'Sign in at /console with an API key that may administer, or with the admin token.',
} as const

const noSuchAddress = {
  kind: 'not-found',
  detail: 'There is nothing here for the console.',
} as const

const tooMany = {
  kind: 'overloaded',
  detail: 'As many consoles as may be open are open.',
  headers: { 'retry-after': '5' },
} as const
