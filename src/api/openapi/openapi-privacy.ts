/** The documentation of erasures and of the audit log. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { auditListSchema, auditParametersSchema } from '../audit-schemas.ts'
import { type ErasureBody, erasureSchema, newErasureSchema } from '../erasure-schemas.ts'
import { messageIdField } from '../fields.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

export const erasureExample: ErasureBody = {
  id: '01997d2f-3b4c-7d5e-8f60-718293a4b5c6',
  status: 'at_work',
  phone: '+49********67',
  customer_id: null,
  redacted: 12,
  canceled: 1,
  pending: 2,
  requested_at: '2026-01-31T12:00:00.000Z',
  finished_at: null,
}

export const auditListExample: z.infer<typeof auditListSchema> = {
  entries: [
    {
      at: '2026-01-31T12:00:00.000Z',
      actor: 'sgw_0a1b2c3d4e5f',
      action: 'customer.disabled',
      target: '42',
      detail: {},
      request_id: '01997d2f-3b4c-7d5e-8f60-718293a4b5c6',
    },
  ],
  next_cursor: null,
}

const erasureContent = { 'application/json': { schema: erasureSchema, example: erasureExample } }

/** For customers and for staff. */
const erasureOperation = { ...adminOperation, tags: ['privacy'] }

export const privacyPaths: ZodOpenApiPathsObject = {
  '/api/v1/erasures': {
    post: {
      ...erasureOperation,
      operationId: 'requestErasure',
      summary: 'Erase the messages of a number',
      description:
        "Text and number of all messages to it that were accepted until now: those that wait are canceled, those under way go when they are final. Staff do it for all customers or for one, with the scope admin; a customer's key with the scope send for its own messages.",
      requestBody: {
        required: true,
        content: { 'application/json': { schema: newErasureSchema } },
      },
      responses: {
        '202': {
          description: 'The processors are at it.',
          headers: {
            Location: {
              description: "The erasure's address.",
              schema: { type: 'string' as const },
            },
          },
          content: erasureContent,
        },
        ...problemResponses(...adminProblems, ...bodyProblems, 'overloaded'),
      },
    },
  },
  '/api/v1/erasures/{id}': {
    get: {
      ...erasureOperation,
      operationId: 'getErasure',
      summary: 'How far an erasure has come',
      requestParams: { path: z.object({ id: messageIdField }) },
      responses: {
        '200': { description: 'It.', content: erasureContent },
        ...problemResponses(...adminProblems, 'erasure-not-found'),
      },
    },
  },
  '/api/v1/audit-log': {
    get: {
      ...adminOperation,
      operationId: 'listAuditLog',
      summary: 'Who administered what',
      description: 'The newest first, a page at a time. All filters given must hold.',
      requestParams: { query: auditParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: { 'application/json': { schema: auditListSchema, example: auditListExample } },
        },
        ...problemResponses(...adminProblems, 'invalid-request'),
      },
    },
  },
}
