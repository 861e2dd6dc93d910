/**
 * The edge of the API: finds the route, and does for every request what no route should have to think of: its id, its
 * metrics, its log line, an answer when the route throws, and one when there are too many at once.
 */
import { type Context, Hono } from 'hono'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Span, Tracing } from '../runtime/tracing.ts'
import { createAccessLog } from './access-log.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { passingProblem, problemResponse } from './problems.ts'
import { requestIdHeader, requestIdOf } from './request-id.ts'
import { type Exchange, pathOf, type Route } from './route.ts'

export interface EdgeOptions {
  readonly routes: readonly Route[]
  readonly metrics: Pick<ApiMetrics, 'requests' | 'requestDuration'>
  readonly logger: Logger
  readonly clock: Clock
  readonly isStopping: () => boolean
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

export interface Edge {
  fetch(request: Request, peerAddress: Exchange['peerAddress']): Answer
  /** See `Api`. */
  turnAway(): void
}

type Answer = Response | Promise<Response>
type Handle = (exchange: Exchange) => Answer
type Run = (exchange: Exchange) => Promise<Response>
type Env = { Bindings: Omit<Exchange, 'param'> }

/** Requests in work at once: what each holds, and how long it waits for the others, is bounded with their number. */
export const requestsMax = 5_000
const busyRetrySeconds = 1

export function createEdge(options: EdgeOptions): Edge {
  const { routes, metrics, clock, isStopping, tracing } = options
  const log = createAccessLog(options.logger, clock)
  const app = new Hono<Env>()
  /** POSTs to fixed addresses, which is where the messages come in, are found without the router. */
  const direct = new Map<string, Run>()
  let requestsInWork = 0
  let isTurningAway = false

  const paths = new Set(routes.map((route) => route.path))
  for (const path of paths) {
    const here = routes.filter((route) => route.path === path)
    const allow = allowOf(here)
    for (const route of here) {
      const run = prepare(path, (exchange) => route.handle(exchange), route.isAlwaysAnswered)
      if (route.method === 'POST' && !path.includes(':')) direct.set(path, run)
      mount(route.method, path, run)
    }
    mount(
      'OPTIONS',
      path,
      prepare(path, () => new Response(null, { status: 204, headers: { allow } })),
    )
    mount(
      null,
      path,
      prepare(path, (exchange) => methodNotAllowed(exchange, allow)),
    )
  }
  mount(null, '*', prepare('unmatched', notFound))

  function mount(method: string | null, path: string, run: Run): void {
    const handler = (c: Context<Env>) => run({ ...c.env, param: (name) => c.req.param(name) ?? '' })
    if (method === null) app.all(path, handler)
    else app.on(method, path, handler)
  }

  function refusal(): Handle | null {
    if (isTurningAway) return stopping
    return requestsInWork < requestsMax ? null : tooMany
  }

  function prepare(label: string, handle: Handle, isAlwaysAnswered = false): Run {
    const duration = metrics.requestDuration.labels({ route: label })
    const counters = new Map<string, { inc(): void }>()

    function count(method: string, status: number): void {
      const key = `${method} ${status}`
      let counter = counters.get(key)
      if (counter === undefined) {
        counter = metrics.requests.labels({ route: label, method, status: String(status) })
        counters.set(key, counter)
      }
      counter.inc()
    }

    /** Null for what is not traced: what runs the service asks all the time. */
    function spanOf({ headers, method }: Request): Span | null {
      if (tracing === null || isAlwaysAnswered) return null
      const parent = headers.get('traceparent')
      if (!tracing.isSampled(parent)) return null
      return tracing.begin(`${methodLabel(method)} ${label}`, {
        kind: 'server',
        ...(parent === null ? {} : { parent }),
        attributes: { 'http.request.method': methodLabel(method), 'http.route': label },
      })
    }

    return async function run(asked) {
      const startedAtMs = clock.monotonicMs()
      const span = spanOf(asked.request)
      const exchange = span === null ? asked : { ...asked, span }
      const answer = isAlwaysAnswered ? handle : (refusal() ?? handle)
      let error: unknown
      let response: Response
      requestsInWork++
      try {
        response = await answer(exchange)
      } catch (thrown) {
        error = thrown
        response = failed(exchange)
      }
      requestsInWork--
      response.headers.set(requestIdHeader, exchange.requestId)
      // The client shall not learn by the failure of its next request that nobody is there (RFC 9112 §9.6).
      if (isStopping()) response.headers.set('connection', 'close')
      const durationMs = clock.monotonicMs() - startedAtMs
      const method = methodLabel(exchange.request.method)
      const { status } = response
      duration.observe(durationMs / 1000)
      count(method, status)
      span?.set({ 'http.response.status_code': status, 'sms.request_id': exchange.requestId })
      span?.end(status >= 500 ? String(status) : undefined)
      log({ requestId: exchange.requestId, method, route: label, status, durationMs, error, span })
      return response
    }
  }

  function fetch(request: Request, peerAddress: Exchange['peerAddress']): Answer {
    const requestId = requestIdOf(request)
    const run = request.method === 'POST' ? direct.get(pathOf(request.url)) : undefined
    if (run !== undefined) return run({ request, requestId, param: () => '', peerAddress })
    const env = { request, requestId, peerAddress }
    if (request.method !== 'HEAD') return app.fetch(request, env)
    // Routed as the GET it is, body and all: the server leaves the body out and keeps its length (RFC 9110 §9.3.2).
    const asGet = new Request(request.url, { headers: request.headers })
    return app.fetch(asGet, env)
  }

  return {
    fetch,
    turnAway() {
      isTurningAway = true
    },
  }
}

function allowOf(routes: readonly Route[]): string {
  const methods = routes.flatMap((route) =>
    route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
  )
  return [...methods, 'OPTIONS'].join(', ')
}

function failed({ requestId }: Exchange): Response {
  const detail = 'The request failed; the log tells why under its request id.'
  return problemResponse({ kind: 'internal-error', detail }, requestId)
}

function tooMany({ requestId }: Exchange): Response {
  const detail = 'As many requests as may be in work are in work.'
  return problemResponse(passingProblem('overloaded', detail, busyRetrySeconds), requestId)
}

function stopping({ requestId }: Exchange): Response {
  const detail = 'The server is stopping.'
  return problemResponse(passingProblem('unavailable', detail, busyRetrySeconds), requestId)
}

function methodNotAllowed({ requestId }: Exchange, allow: string): Response {
  const detail = `Allowed here: ${allow}.`
  return problemResponse({ kind: 'method-not-allowed', detail, headers: { allow } }, requestId)
}

function notFound({ requestId }: Exchange): Response {
  const detail = 'The addresses there are: see /docs.'
  return problemResponse({ kind: 'not-found', detail }, requestId)
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function methodLabel(method: string): string {
  return knownMethods.has(method) ? method : 'other'
}
