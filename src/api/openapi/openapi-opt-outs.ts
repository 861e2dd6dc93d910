/** The documentation of opt-outs. */
import type { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  addedSchema,
  exportParametersSchema,
  importMax,
  type OptOutBody,
  optOutImportSchema,
  optOutKeySchema,
  optOutListSchema,
  optOutParametersSchema,
  removedSchema,
} from '../opt-out-schemas.ts'
import { problemResponses } from './openapi-problems.ts'

export const optOutExample: OptOutBody = {
  customer_id: 42,
  phone: '+491701234567',
  sender_id: '+4915000000',
  source: 'inbound',
  since: '2026-01-31T12:00:00.000Z',
}

const operation = {
  tags: ['inbound'],
  security: [{ apiKey: [] }, { apiKeyHeader: [] }, {}],
}
const readProblems = [
  'unauthorized',
  'forbidden',
  'invalid-request',
  'overloaded',
  'unavailable',
] as const
const writeProblems = [
  ...readProblems,
  'malformed-json',
  'body-too-slow',
  'body-too-large',
  'unsupported-media-type',
] as const

const jsonBody = (schema: z.ZodType) => ({
  required: true,
  content: { 'application/json': { schema } },
})
const answer = <T extends z.ZodType>(description: string, schema: T, example: z.infer<T>) => ({
  description,
  content: { 'application/json': { schema, example } },
})

export const optOutPaths: ZodOpenApiPathsObject = {
  '/api/v1/opt-outs': {
    get: {
      ...operation,
      operationId: 'listOptOuts',
      summary: 'List who wants no messages',
      requestParams: { query: optOutParametersSchema },
      responses: {
        '200': answer('A page.', optOutListSchema, {
          opt_outs: [optOutExample],
          next_cursor: null,
        }),
        ...problemResponses(...readProblems),
      },
    },
    post: {
      ...operation,
      operationId: 'addOptOut',
      summary: 'Opt somebody out',
      description: 'In force everywhere within five seconds. Adding it again changes nothing.',
      requestBody: jsonBody(optOutKeySchema),
      responses: {
        '200': answer('Stored.', addedSchema, { added: 1 }),
        ...problemResponses(...writeProblems),
      },
    },
  },
  '/api/v1/opt-outs/remove': {
    post: {
      ...operation,
      operationId: 'removeOptOut',
      summary: 'Opt somebody in again',
      description:
        'The one opt-out of this number and this sender, or of all senders when none is given. In force at once. The key needs `read` too: what a person asked for is not undone with one that is made for sending alone.',
      requestBody: jsonBody(optOutKeySchema),
      responses: {
        '200': answer('It is not there.', removedSchema, { removed: 1 }),
        ...problemResponses(...writeProblems),
      },
    },
  },
  '/api/v1/opt-outs/import': {
    post: {
      ...operation,
      operationId: 'importOptOuts',
      summary: 'Opt many out',
      description: `Up to ${importMax} at once, all of them or, when one has a fault, none.`,
      requestBody: jsonBody(optOutImportSchema),
      responses: {
        '200': answer('Stored.', addedSchema, { added: 2 }),
        ...problemResponses(...writeProblems),
      },
    },
  },
  '/api/v1/opt-outs/export': {
    get: {
      ...operation,
      operationId: 'exportOptOuts',
      summary: 'All opt-outs, one a line',
      requestParams: { query: exportParametersSchema },
      responses: {
        '200': {
          description: 'Lines; a list that is broken off was not read to its end.',
          content: {
            'application/x-ndjson': { schema: { type: 'string' } },
            'text/csv': { schema: { type: 'string' } },
          },
        },
        ...problemResponses(...readProblems),
      },
    },
  },
}
