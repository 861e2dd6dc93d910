/** The documentation of webhooks. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { messageIdField } from '../fields.ts'
import {
  deliveryListSchema,
  deliveryParametersSchema,
  deliverySchema,
  messageDeliveryListSchema,
  newWebhookSchema,
  replayedWebhooksSchema,
  replaySchema,
  secretRotationSchema,
  webhookChangeSchema,
  webhookListSchema,
  webhookParametersSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '../webhook-schemas.ts'
import { bodyProblems, problemResponses } from './openapi-problems.ts'
import {
  deliveryExample,
  deliveryListExample,
  messageDeliveryListExample,
  replayedWebhooksExample,
  webhookExample,
  webhookListExample,
  webhookWithSecretExample,
} from './openapi-webhook-examples.ts'

/** Of every operation here. Without keys, who is on the machine itself needs none. */
const webhookOperation = {
  tags: ['webhooks'],
  security: [{ apiKey: [] }, { apiKeyHeader: [] }, {}],
}
const callerProblems = ['unauthorized', 'forbidden', 'overloaded', 'unavailable'] as const
const endpointProblems = [...callerProblems, 'webhook-not-found'] as const
const idPath = { path: z.object({ id: messageIdField }) }

function answer<T extends z.ZodType>(description: string, schema: T, example: z.infer<T>) {
  return { description, content: { 'application/json': { schema, example } } }
}

const body = (schema: z.ZodType, required = true) => ({
  required,
  content: { 'application/json': { schema } },
})

const needsBoth = 'It takes the scopes send and read: who says where events go can read them.'

function switchOperation(word: 'enable' | 'disable', summary: string, description: string) {
  return {
    post: {
      ...webhookOperation,
      operationId: `${word}Webhook`,
      summary,
      description,
      requestParams: idPath,
      responses: {
        '200': answer('Stored.', webhookSchema, webhookExample),
        ...problemResponses(...endpointProblems),
      },
    },
  }
}

export const webhookPaths: ZodOpenApiPathsObject = {
  '/api/v1/webhooks': {
    post: {
      ...webhookOperation,
      operationId: 'createWebhook',
      summary: 'Be told what becomes of messages',
      description: `Events are posted as Standard Webhooks 1.0. The answer is the only place that shows the secret. ${needsBoth}`,
      requestBody: body(newWebhookSchema),
      responses: {
        '201': answer('Made.', webhookWithSecretSchema, webhookWithSecretExample),
        ...problemResponses(...callerProblems, ...bodyProblems, 'body-too-slow', 'webhooks-full'),
      },
    },
    get: {
      ...webhookOperation,
      operationId: 'listWebhooks',
      summary: 'List webhooks',
      requestParams: { query: webhookParametersSchema },
      responses: {
        '200': answer('A page.', webhookListSchema, webhookListExample),
        ...problemResponses(...callerProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/webhooks/{id}': {
    get: {
      ...webhookOperation,
      operationId: 'getWebhook',
      summary: 'A webhook',
      requestParams: idPath,
      responses: {
        '200': answer('The webhook.', webhookSchema, webhookExample),
        ...problemResponses(...endpointProblems),
      },
    },
    patch: {
      ...webhookOperation,
      operationId: 'changeWebhook',
      summary: 'Change a webhook',
      description: needsBoth,
      requestParams: idPath,
      requestBody: body(webhookChangeSchema),
      responses: {
        '200': answer('Stored.', webhookSchema, webhookExample),
        ...problemResponses(...endpointProblems, ...bodyProblems, 'body-too-slow'),
      },
    },
    delete: {
      ...webhookOperation,
      operationId: 'deleteWebhook',
      summary: 'Remove a webhook',
      description: 'With what waits for it, and its history.',
      requestParams: idPath,
      responses: {
        '204': { description: 'It is gone.' },
        ...problemResponses(...endpointProblems),
      },
    },
  },
  '/api/v1/webhooks/{id}/rotate-secret': {
    post: {
      ...webhookOperation,
      operationId: 'rotateWebhookSecret',
      summary: 'Give a webhook a new secret',
      description:
        'For the time given, a day unless told otherwise, events are signed with the secret before as well.',
      requestParams: idPath,
      requestBody: body(secretRotationSchema, false),
      responses: {
        '200': answer('Stored.', webhookWithSecretSchema, webhookWithSecretExample),
        ...problemResponses(...endpointProblems, ...bodyProblems, 'body-too-slow'),
      },
    },
  },
  '/api/v1/webhooks/{id}/disable': switchOperation(
    'disable',
    'Send nothing to a webhook',
    'What waits goes on waiting. Events from now on are not kept for it.',
  ),
  '/api/v1/webhooks/{id}/enable': switchOperation(
    'enable',
    'Send to a webhook again',
    'Whatever disabled it. What waits is sent.',
  ),
  '/api/v1/webhooks/{id}/test': {
    post: {
      ...webhookOperation,
      operationId: 'testWebhook',
      summary: 'Send a test event',
      description: 'Of the type webhook.test, whatever events the webhook gets.',
      requestParams: idPath,
      responses: {
        '202': answer('It will be sent.', deliverySchema, deliveryExample),
        ...problemResponses(...endpointProblems, 'webhook-disabled'),
      },
    },
  },
  '/api/v1/messages/{id}/webhook-deliveries': {
    get: {
      ...webhookOperation,
      tags: ['messages'],
      operationId: 'listMessageWebhookDeliveries',
      summary: 'What was told of a message, and with what result',
      description: 'By the webhooks there are now.',
      requestParams: idPath,
      responses: {
        '200': answer('All of it.', messageDeliveryListSchema, messageDeliveryListExample),
        ...problemResponses(...callerProblems, 'message-not-found'),
      },
    },
  },
  '/api/v1/webhooks/{id}/deliveries': {
    get: {
      ...webhookOperation,
      operationId: 'listWebhookDeliveries',
      summary: 'What was sent to a webhook, and with what result',
      requestParams: { ...idPath, query: deliveryParametersSchema },
      responses: {
        '200': answer('A page.', deliveryListSchema, deliveryListExample),
        ...problemResponses(...endpointProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay': {
    post: {
      ...webhookOperation,
      operationId: 'replayWebhookDelivery',
      summary: 'Send one again',
      description: 'Whatever became of it; with the same webhook-id.',
      requestParams: { path: z.object({ id: messageIdField, delivery_id: messageIdField }) },
      responses: {
        '202': answer('It will be sent.', deliverySchema, deliveryExample),
        ...problemResponses(...endpointProblems, 'webhook-delivery-not-found', 'webhook-disabled'),
      },
    },
  },
  '/api/v1/webhooks/{id}/replay': {
    post: {
      ...webhookOperation,
      operationId: 'replayFailedWebhookDeliveries',
      summary: 'Send again what has failed',
      description: 'The oldest first, at most 1,000 at a time.',
      requestParams: idPath,
      requestBody: body(replaySchema, false),
      responses: {
        '202': answer('They will be sent.', replayedWebhooksSchema, replayedWebhooksExample),
        ...problemResponses(
          ...endpointProblems,
          ...bodyProblems,
          'body-too-slow',
          'webhook-disabled',
        ),
      },
    },
  },
}
