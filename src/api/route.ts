/** What a route is to the edge: an address, and a function from an exchange to an answer. */
import type { Span } from '../runtime/tracing.ts'
import type { SignedIn } from './signed-in.ts'

export interface Exchange {
  readonly request: Request
  /** Given by the client or made by us; in the answer's `X-Request-Id` and in every log line. */
  readonly requestId: string
  /** A parameter of the path, decoded. */
  param(name: string): string
  /** Who it is, where that was found out before: never of anything that the request says by itself. */
  readonly signedIn?: SignedIn
  /** Of a request that is traced. */
  readonly span?: Span
  /** The address that the connection comes from; null when it is not known. */
  peerAddress(): string | null
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters as `:name`. Also the label in metrics. */
  readonly path: string
  /** Answered however many requests are in work: for what runs the service. */
  readonly isAlwaysAnswered?: boolean
  /** Expected failures are answers; what it throws is answered with 500 and logged. */
  handle(exchange: Exchange): Response | Promise<Response>
}

/** Without the `charset` that `Response.json` adds: JSON has no such parameter (RFC 8259 §11). */
export function jsonResponse(
  body: unknown,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** The query string of a request's address, without its question mark. */
export function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start < 0 ? '' : url.slice(start + 1)
}

/** The path of an absolute address as requests have it. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (start < 0) return '/'
  const end = url.indexOf('?', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}
