/**
 * Every kind of error this API answers with, as RFC 9457 problem details. A kind's `type` is stable: clients decide by it,
 * never by title or detail.
 */

interface KindOfProblem {
  readonly status: number
  readonly title: string
  /** Where a specification has one; else it is of our own. */
  readonly type?: string
}

export const problemKinds = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'The credentials are missing or wrong' },
  'insufficient-balance': { status: 402, title: 'The balance is too low' },
  forbidden: { status: 403, title: 'The credentials do not go so far' },
  'admin-off': { status: 403, title: 'The admin API is off' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'message-not-found': { status: 404, title: 'There is no such message' },
  'dead-letter-not-found': { status: 404, title: 'There is no such dead letter' },
  'provider-not-found': { status: 404, title: 'There is no such provider' },
  'customer-not-found': { status: 404, title: 'There is no such customer' },
  'account-not-found': { status: 404, title: 'The customer has no account' },
  'reference-reused': { status: 409, title: 'The reference is of another entry' },
  'inbound-message-not-found': { status: 404, title: 'There is no such inbound message' },
  'inbound-route-not-found': { status: 404, title: 'There is no such inbound route' },
  'erasure-not-found': { status: 404, title: 'There is no such erasure' },
  'key-not-found': { status: 404, title: 'There is no such API key' },
  'webhook-not-found': { status: 404, title: 'There is no such webhook' },
  'webhook-delivery-not-found': { status: 404, title: 'There is no such delivery' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'body-too-slow': { status: 408, title: 'The body took too long' },
  'request-in-progress': { status: 409, title: 'A request with this key is being worked on' },
  'not-cancelable': { status: 409, title: 'The message can no longer be canceled' },
  'webhooks-full': { status: 409, title: 'The customer has as many webhooks as it may have' },
  'webhook-disabled': { status: 409, title: 'The webhook is disabled' },
  'customer-exists': { status: 409, title: 'There is such a customer already' },
  'inbound-route-exists': { status: 409, title: 'There is such an inbound route already' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not of a supported type' },
  'invalid-request': { status: 422, title: 'The request has invalid values' },
  'idempotency-key-reused': { status: 422, title: 'The key was used for another request' },
  'recipient-opted-out': { status: 422, title: 'The recipient has opted out' },
  'no-message-accepted': { status: 422, title: 'None of the messages was accepted' },
  'quota-exceeded': {
    status: 429,
    title: 'A limit of the customer is used up',
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  'abnormal-usage': {
    status: 429,
    title: 'The traffic looks abnormal',
    type: 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected',
  },
  'internal-error': { status: 500, title: 'The server failed' },
  overloaded: { status: 503, title: 'The server has too much to do' },
  unavailable: { status: 503, title: 'The server cannot do this now' },
} as const satisfies Record<string, KindOfProblem>

export type ProblemKind = keyof typeof problemKinds

/**
 * One fault: in the body, by JSON Pointer (RFC 6901, '' is the whole body), or in a query parameter or a header, by name.
 */
export type Fault =
  | { readonly pointer: string; readonly detail: string }
  | { readonly parameter: string; readonly detail: string }
  | { readonly header: string; readonly detail: string }

export interface Problem {
  readonly kind: ProblemKind
  /** For a person. Never holds a message's text, a secret or anything of the server's inside. */
  readonly detail: string
  readonly errors?: readonly Fault[]
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the answer. */
  readonly extensions?: Readonly<Record<string, unknown>>
}

export const problemContentType = 'application/problem+json'

export function problemType(kind: ProblemKind): string {
  const { type }: KindOfProblem = problemKinds[kind]
  return type ?? `urn:sms-gateway:problem:${kind}`
}

/** The members of a problem as they are sent. */
export function problemBody({ kind, detail, errors, extensions }: Problem) {
  const { status, title } = problemKinds[kind]
  return {
    type: problemType(kind),
    title,
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
    ...extensions,
  }
}

/** The answer for a problem; it carries the request's id, so that a caller's report can be matched with the log. */
export function problemResponse(problem: Problem, requestId: string): Response {
  const body = { ...problemBody(problem), request_id: requestId }
  return new Response(JSON.stringify(body), {
    status: problemKinds[problem.kind].status,
    headers: { 'content-type': problemContentType, ...problem.headers },
  })
}

/** A refusal that passes; `retryAfterSeconds` is a whole number (RFC 9110 §10.2.3). */
export function passingProblem(
  kind: 'overloaded' | 'unavailable' | 'request-in-progress',
  detail: string,
  retryAfterSeconds: number,
): Problem {
  return { kind, detail, headers: { 'retry-after': String(retryAfterSeconds) } }
}
