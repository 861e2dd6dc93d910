/** The documentation of what people send to our numbers. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { customerIdField, messageIdField, providerNameField } from '../fields.ts'
import {
  type InboundMessageBody,
  type InboundRouteBody,
  inboundBodySchema,
  inboundListSchema,
  inboundMessageSchema,
  inboundParametersSchema,
  inboundRouteListSchema,
  inboundRouteSchema,
  inboundStoredSchema,
  newRouteSchema,
  routeParametersSchema,
} from '../inbound-schemas.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

export const inboundMessageExample: InboundMessageBody = {
  id: '01997d2f-3b4c-7d5e-8f60-718293a4b5c6',
  provider: 'primary',
  provider_message_id: 'a1b2c3',
  from: '+491701234567',
  to: '+4915000000',
  message: 'STOP',
  customer_id: 42,
  keyword: 'stop',
  action: 'stop',
  parts: 1,
  complete: true,
  missing_parts: [],
  received_at: '2026-01-31T12:00:00.000Z',
  stored_at: '2026-01-31T12:00:00.100Z',
}

export const inboundRouteExample: InboundRouteBody = {
  id: 1,
  number: '12345',
  keyword: 'shop',
  customer_id: 42,
  created_at: '2026-01-31T12:00:00.000Z',
}

const customerOperation = {
  tags: ['inbound'],
  security: [{ apiKey: [] }, { apiKeyHeader: [] }, {}],
}

export const inboundPaths: ZodOpenApiPathsObject = {
  '/api/v1/providers/{name}/inbound-messages': {
    post: {
      operationId: 'takeInboundMessages',
      summary: 'Take what people have sent to our numbers',
      description:
        'One message or an array of them. Answered with 200 only once all are stored; when one has a fault none is. What has come before changes nothing. Parts of a long message may come in any order.',
      tags: ['providers'],
      security: [{ providerSecret: [] }],
      requestParams: { path: z.object({ name: providerNameField }) },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: inboundBodySchema } },
      },
      responses: {
        '200': {
          description: 'All are stored.',
          content: { 'application/json': { schema: inboundStoredSchema } },
        },
        ...problemResponses(
          ...bodyProblems,
          'unauthorized',
          'body-too-slow',
          'overloaded',
          'unavailable',
        ),
      },
    },
  },
  '/api/v1/inbound-messages': {
    get: {
      ...customerOperation,
      operationId: 'listInboundMessages',
      summary: 'List what people have sent',
      description: 'Newest first, a page at a time. All filters given must hold.',
      requestParams: { query: inboundParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: {
            'application/json': {
              schema: inboundListSchema,
              example: { inbound_messages: [inboundMessageExample], next_cursor: null },
            },
          },
        },
        ...problemResponses(
          'unauthorized',
          'forbidden',
          'invalid-request',
          'overloaded',
          'unavailable',
        ),
      },
    },
  },
  '/api/v1/inbound-messages/{id}': {
    get: {
      ...customerOperation,
      operationId: 'getInboundMessage',
      summary: 'One of them',
      requestParams: { path: z.object({ id: messageIdField }) },
      responses: {
        '200': {
          description: 'It.',
          content: {
            'application/json': { schema: inboundMessageSchema, example: inboundMessageExample },
          },
        },
        ...problemResponses(
          'unauthorized',
          'forbidden',
          'inbound-message-not-found',
          'overloaded',
          'unavailable',
        ),
      },
    },
  },
  '/api/v1/inbound-routes': {
    post: {
      ...adminOperation,
      operationId: 'createInboundRoute',
      summary: 'Give a customer what is sent to a number',
      description:
        'All of it, or what begins with a keyword. The route of the keyword comes first. Of what is stored from now on.',
      requestBody: { required: true, content: { 'application/json': { schema: newRouteSchema } } },
      responses: {
        '201': {
          description: 'Made.',
          content: {
            'application/json': { schema: inboundRouteSchema, example: inboundRouteExample },
          },
        },
        ...problemResponses(
          ...adminProblems,
          ...bodyProblems,
          'customer-not-found',
          'inbound-route-exists',
        ),
      },
    },
    get: {
      ...adminOperation,
      operationId: 'listInboundRoutes',
      summary: 'List inbound routes',
      requestParams: { query: routeParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: {
            'application/json': {
              schema: inboundRouteListSchema,
              example: { inbound_routes: [inboundRouteExample], next_cursor: null },
            },
          },
        },
        ...problemResponses(...adminProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/inbound-routes/{id}': {
    delete: {
      ...adminOperation,
      operationId: 'deleteInboundRoute',
      summary: 'Take an inbound route away',
      description: 'What was routed by it stays where it is.',
      requestParams: {
        path: z.object({ id: customerIdField.meta({ description: 'Of the route.' }) }),
      },
      responses: {
        '200': {
          description: 'It is gone.',
          content: {
            'application/json': { schema: inboundRouteSchema, example: inboundRouteExample },
          },
        },
        ...problemResponses(...adminProblems, 'inbound-route-not-found'),
      },
    },
  },
}
