/** Problems as they are documented: one schema, and one response a status with an example of each kind. */
import { z } from 'zod'
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import {
  type ProblemKind,
  problemBody,
  problemContentType,
  problemKinds,
  problemType,
} from '../problems.ts'

const kinds = Object.keys(problemKinds) as ProblemKind[]

const faultSchema = z
  .object({
    pointer: z.string().optional().meta({ description: 'JSON Pointer (RFC 6901) into the body.' }),
    parameter: z.string().optional().meta({ description: 'Name of the query parameter.' }),
    header: z.string().optional().meta({ description: 'Name of the header.' }),
    detail: z.string(),
  })
  .meta({ id: 'Fault', examples: [{ pointer: '/phone', detail: 'is required' }] })

export const problemSchema = z
  .object({
    type: z.enum(kinds.map(problemType)).meta({ description: 'Stable; decide by it.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(faultSchema).optional().meta({ description: 'Every fault.' }),
    'violated-policies': z
      .array(z.string())
      .optional()
      .meta({ description: 'Of 429: the limits that it is beyond.' }),
    request_id: z.string().optional().meta({ description: 'As in the header X-Request-Id.' }),
  })
  .meta({ id: 'Problem', description: 'A problem (RFC 9457).' })

const details: Readonly<Record<ProblemKind, string>> = {
  'malformed-json': 'The body must be one JSON value in UTF-8.',
  unauthorized: 'Send an API key as a bearer token, or as X-API-Key.',
  'insufficient-balance':
    'The balance and the credit of the account do not reach for this request: nothing of it was accepted.',
  forbidden: 'The API key has not the scope "send".',
  'admin-off':
    'The admin API takes ADMIN_TOKEN, which is not set, or an API key with the scope admin.',
  'not-found': 'The addresses there are: see /docs.',
  'message-not-found': 'No message has this id.',
  'dead-letter-not-found': 'No dead letter has this message id.',
  'provider-not-found': 'There are: primary, secondary, backup.',
  'customer-not-found': 'There is no customer with this id.',
  'account-not-found': 'This customer has no account: its messages cost nothing.',
  'reference-reused': 'There is another entry with this reference.',
  'inbound-message-not-found': 'No inbound message has this id.',
  'inbound-route-not-found': 'No inbound route has this id.',
  'erasure-not-found': 'No erasure has this id; what became of one is told for 90 days.',
  'key-not-found': 'There is no API key in force with this prefix.',
  'request-in-progress':
    'A request with this Idempotency-Key is being worked on: send it again later.',
  'idempotency-key-reused':
    'The Idempotency-Key was used for a request with another address or body.',
  'not-cancelable':
    'The message is sent: only one that waits, and that no provider may hold, can be canceled.',
  'webhooks-full': 'A customer may have 10 webhooks.',
  'webhook-disabled': 'The webhook is disabled (failing): enable it first.',
  'webhook-not-found': 'There is no webhook with this id.',
  'webhook-delivery-not-found': 'The webhook has no delivery with this id; old ones are gone.',
  'customer-exists': 'There is a customer with this id.',
  'inbound-route-exists': 'There is a route of this number and keyword.',
  'method-not-allowed': 'Allowed here: POST, OPTIONS.',
  'body-too-slow': 'The body must arrive within 10 s of its head.',
  'body-too-large': 'The body may have at most 65536 bytes.',
  'unsupported-media-type': 'Send the body as application/json in UTF-8.',
  'invalid-request': 'The request has one fault; errors lists it.',
  'recipient-opted-out': 'The recipient wants no messages from this sender.',
  'no-message-accepted': 'Every message has faults; messages lists them in order.',
  'quota-exceeded': 'This is beyond "day" (10000 messages in 86400 s): send it again in 3600 s.',
  'abnormal-usage':
    'This looks like traffic for the sake of its fees; it is beyond "recipient" (5 messages in 3600 s): send it again in 60 s.',
  'internal-error': 'The request failed; the log tells why under its request id.',
  overloaded: 'Too many messages wait in the normal lane.',
  unavailable:
    'The database does not answer. Unless the detail says otherwise it is not known whether the request was carried out; a message that is submitted again may be a second one.',
}

/** Of every operation of administration. */
export const adminOperation = {
  tags: ['administration'],
  security: [{ apiKey: [] }, { adminToken: [] }],
}
export const adminProblems = ['unauthorized', 'forbidden', 'admin-off', 'unavailable'] as const
/** Of every operation of administration that takes a body. */
export const bodyProblems = [
  'malformed-json',
  'body-too-large',
  'unsupported-media-type',
  'invalid-request',
] as const

const exampleFaults: Partial<Record<ProblemKind, { pointer: string; detail: string }[]>> = {
  'invalid-request': [{ pointer: '/phone', detail: 'is required' }],
}

const exampleExtensions: Partial<Record<ProblemKind, Record<string, unknown>>> = {
  'quota-exceeded': { 'violated-policies': ['day'] },
  'abnormal-usage': { 'violated-policies': ['recipient'] },
}

/** Of answers to what counts against limits. */
export const limitHeaders = {
  'RateLimit-Policy': {
    description: 'The limits of the customer, where there are any: q messages in w seconds.',
    schema: { type: 'string' as const },
    example: '"rate";q=500;w=5, "day";q=10000;w=86400',
  },
  RateLimit: {
    description: 'What is left of them: r messages, for t seconds.',
    schema: { type: 'string' as const },
    example: '"rate";r=499;t=5, "day";r=9123;t=41000',
  },
}

const text = { schema: { type: 'string' as const } }
const retryAfter = { 'Retry-After': { schema: { type: 'integer' as const } } }

const extraHeaders: Partial<Record<number, ZodOpenApiResponseObject['headers']>> = {
  401: { 'WWW-Authenticate': text },
  405: { Allow: text },
  429: { ...retryAfter, ...limitHeaders },
  503: retryAfter,
}

/** The responses for the kinds an operation may answer with, and 405 and 500, which any may. */
export function problemResponses(...some: readonly ProblemKind[]): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {}
  const all: readonly ProblemKind[] = [...some, 'method-not-allowed', 'internal-error']
  for (const status of new Set(all.map((kind) => problemKinds[kind].status))) {
    const ofStatus = all.filter((kind) => problemKinds[kind].status === status)
    responses[`${status as 400}`] = problemResponseObject(status, ofStatus)
  }
  return responses
}

function problemResponseObject(
  status: number,
  ofStatus: readonly ProblemKind[],
): ZodOpenApiResponseObject {
  const headers = extraHeaders[status]
  return {
    description: ofStatus.map((kind) => problemKinds[kind].title).join('; '),
    ...(headers === undefined ? {} : { headers }),
    content: {
      [problemContentType]: {
        schema: problemSchema,
        examples: Object.fromEntries(ofStatus.map((kind) => [kind, { value: exampleOf(kind) }])),
      },
    },
  }
}

function exampleOf(kind: ProblemKind) {
  const errors = exampleFaults[kind]
  const extensions = exampleExtensions[kind] ?? {}
  const problem = {
    kind,
    detail: details[kind],
    extensions,
    ...(errors === undefined ? {} : { errors }),
  }
  return { ...problemBody(problem), request_id: '01997d2f-3b4c-7d5e-8f60-718293a4b5c6' }
}
