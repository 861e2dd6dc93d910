/** The documentation of everything about messages. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { idempotencyKeyLengthMax } from '../../domain/idempotency.ts'
import { messageIdField } from '../fields.ts'
import {
  acceptedSchema,
  batchItemSchema,
  batchSchema,
  canceledSchema,
  listParametersSchema,
  messageListSchema,
  messageSchema,
  previewAnswerSchema,
  previewSchema,
  submitSchema,
} from '../message-schemas.ts'
import { deliveryReportsSchema } from '../report-schemas.ts'
import {
  acceptedExample,
  batchAnswerExample,
  deliveryReportsExample,
  messageExample,
  messageListExample,
  previewExample,
} from './openapi-examples.ts'
import { limitHeaders, problemResponses, problemSchema } from './openapi-problems.ts'

export const batchAnswerSchema = z
  .object({
    messages: z.array(z.union([acceptedSchema, z.object({ error: problemSchema })])).meta({
      description: 'One for each message, in order.',
    }),
  })
  .meta({ id: 'BatchAnswer', description: 'What became of each message.' })

/** Of every operation here. Without keys, who is on the machine itself needs none. */
const customerOperation = {
  tags: ['messages'],
  security: [{ apiKey: [] }, { apiKeyHeader: [] }, {}],
}
const callerProblems = ['unauthorized', 'forbidden'] as const

const bodyProblems = [
  ...callerProblems,
  'malformed-json',
  'body-too-slow',
  'body-too-large',
  'unsupported-media-type',
  'invalid-request',
  'overloaded',
  'unavailable',
] as const

const location = {
  Location: { description: "The message's address.", schema: { type: 'string' as const } },
}

const keyedProblems = [
  'request-in-progress',
  'idempotency-key-reused',
  'insufficient-balance',
] as const
const limitProblems = ['quota-exceeded', 'abnormal-usage'] as const

/** Of every operation that accepts messages. */
const idempotencyKey = {
  header: z.object({
    'Idempotency-Key': z
      .string()
      .max(idempotencyKeyLengthMax + 2)
      .optional()
      .meta({
        description:
          'Whoever sends a request again with the same key, within 24 hours, is answered as the first time (with the header Idempotency-Replayed), and nothing is accepted twice. Quoted or not.',
        examples: ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
      }),
  }),
}

function submitOperation(operationId: string, summary: string, description: string) {
  return {
    operationId,
    summary,
    description,
    ...customerOperation,
    requestParams: idempotencyKey,
    requestBody: { required: true, content: { 'application/json': { schema: submitSchema } } },
    responses: {
      '202': {
        description: 'Stored; it will be sent.',
        headers: { ...location, ...limitHeaders },
        content: { 'application/json': { schema: acceptedSchema, example: acceptedExample } },
      },
      ...problemResponses(...bodyProblems, ...keyedProblems, ...limitProblems),
      ...problemResponses(...bodyProblems, ...keyedProblems, 'recipient-opted-out'),
    },
  }
}

const stored = 'When it is answered with 202 the message is stored for good.'
const idParameter = z.object({ id: messageIdField })

export const messagePaths: ZodOpenApiPathsObject = {
  '/api/v1/messages': {
    post: submitOperation('submitMessage', 'Send a message', stored),
    get: {
      operationId: 'listMessages',
      summary: 'List messages',
      description: 'Newest first, a page at a time. All filters given must hold.',
      ...customerOperation,
      requestParams: { query: listParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: {
            'application/json': { schema: messageListSchema, example: messageListExample },
          },
        },
        ...problemResponses(...callerProblems, 'invalid-request', 'overloaded', 'unavailable'),
      },
    },
  },
  '/api/v1/messages/express': {
    post: submitOperation(
      'submitExpressMessage',
      'Send a message on the express lane',
      `${stored} It never waits behind messages of the normal lane.`,
    ),
  },
  '/api/v1/messages/batch': {
    post: {
      operationId: 'submitBatch',
      summary: 'Send many messages',
      description: `Each is answered for itself, in order; pointers in errors are into the whole body. Schema of an item: ${batchItemSchema.meta()?.id}.`,
      ...customerOperation,
      requestParams: idempotencyKey,
      requestBody: { required: true, content: { 'application/json': { schema: batchSchema } } },
      responses: {
        '202': {
          description: 'At least one message is stored.',
          headers: limitHeaders,
          content: {
            'application/json': { schema: batchAnswerSchema, example: batchAnswerExample },
          },
        },
        ...problemResponses(
          ...bodyProblems,
          ...keyedProblems,
          ...limitProblems,
          'no-message-accepted',
        ),
      },
    },
  },
  '/api/v1/messages/preview': {
    post: {
      ...customerOperation,
      operationId: 'previewMessage',
      summary: 'What a text would be on the air',
      description:
        'Its encoding and its segments; with a phone also who would get it, by the rules of the customer. Nothing is accepted.',
      requestBody: { required: true, content: { 'application/json': { schema: previewSchema } } },
      responses: {
        '200': {
          description: 'The segments.',
          content: {
            'application/json': { schema: previewAnswerSchema, example: previewExample },
          },
        },
        ...problemResponses(...bodyProblems),
      },
    },
  },
  '/api/v1/messages/{id}': {
    get: {
      operationId: 'getMessage',
      summary: 'A message and what became of it',
      ...customerOperation,
      requestParams: { path: idParameter },
      responses: {
        '200': {
          description: 'The message.',
          content: { 'application/json': { schema: messageSchema, example: messageExample } },
        },
        ...problemResponses(...callerProblems, 'message-not-found', 'overloaded', 'unavailable'),
      },
    },
  },
  '/api/v1/messages/{id}/cancel': {
    post: {
      ...customerOperation,
      operationId: 'cancelMessage',
      summary: 'Take a message back',
      description:
        'One that is scheduled or queued, and that no provider may hold. Canceling it again changes nothing.',
      requestParams: { path: idParameter },
      responses: {
        '200': {
          description: 'It will not be sent.',
          content: {
            'application/json': {
              schema: canceledSchema,
              example: { id: messageExample.id, status: 'canceled' },
            },
          },
        },
        ...problemResponses(
          ...callerProblems,
          'message-not-found',
          'not-cancelable',
          'overloaded',
          'unavailable',
        ),
      },
    },
  },
  '/api/v1/messages/{id}/delivery-reports': {
    get: {
      operationId: 'listDeliveryReports',
      summary: "A message's delivery reports",
      ...customerOperation,
      requestParams: { path: idParameter },
      responses: {
        '200': {
          description: 'Everything known of it, oldest first.',
          content: {
            'application/json': { schema: deliveryReportsSchema, example: deliveryReportsExample },
          },
        },
        ...problemResponses(...callerProblems, 'message-not-found', 'overloaded', 'unavailable'),
      },
    },
  },
}
