/** The documentation of customers and their API keys. */
import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi'
import { keyPrefixPattern } from '../../domain/api-key.ts'
import {
  customerChangeSchema,
  customerListSchema,
  customerParametersSchema,
  customerSchema,
  issuedKeySchema,
  keyListSchema,
  keyParametersSchema,
  keySchema,
  newCustomerSchema,
  newKeySchema,
  rotationSchema,
} from '../customer-schemas.ts'
import { customerIdField } from '../fields.ts'
import { customerExample, issuedKeyExample, keyExample } from './openapi-examples.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

const customerPath = { path: z.object({ id: customerIdField }) }
const keyPath = { path: z.object({ prefix: z.string().regex(keyPrefixPattern) }) }

function jsonContent<T extends z.ZodType>(schema: T, example: z.infer<T>) {
  return { 'application/json': { schema, example } }
}

function customerOrder(word: string, summary: string, description: string) {
  const operation: ZodOpenApiOperationObject = {
    ...adminOperation,
    operationId: `${word}Customer`,
    summary,
    description,
    requestParams: customerPath,
    responses: {
      '200': { description: 'Stored.', content: jsonContent(customerSchema, customerExample) },
      ...problemResponses(...adminProblems, 'customer-not-found'),
    },
  }
  return { post: operation }
}

export const customerPaths: ZodOpenApiPathsObject = {
  '/api/v1/customers': {
    post: {
      ...adminOperation,
      operationId: 'createCustomer',
      summary: 'Make a customer',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: newCustomerSchema } },
      },
      responses: {
        '201': { description: 'Made.', content: jsonContent(customerSchema, customerExample) },
        ...problemResponses(...adminProblems, ...bodyProblems, 'customer-exists'),
      },
    },
    get: {
      ...adminOperation,
      operationId: 'listCustomers',
      summary: 'List customers',
      requestParams: { query: customerParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: jsonContent(customerListSchema, {
            customers: [customerExample],
            next_cursor: null,
          }),
        },
        ...problemResponses(...adminProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/customers/{id}': {
    get: {
      ...adminOperation,
      operationId: 'getCustomer',
      summary: 'Get a customer',
      requestParams: customerPath,
      responses: {
        '200': { description: 'It.', content: jsonContent(customerSchema, customerExample) },
        ...problemResponses(...adminProblems, 'customer-not-found'),
      },
    },
    patch: {
      ...adminOperation,
      operationId: 'changeCustomer',
      summary: 'Change a customer',
      description:
        'In force everywhere within five seconds. A section of the settings that is null is removed; one that is missing stays.',
      requestParams: customerPath,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: customerChangeSchema } },
      },
      responses: {
        '200': { description: 'Stored.', content: jsonContent(customerSchema, customerExample) },
        ...problemResponses(...adminProblems, ...bodyProblems, 'customer-not-found'),
      },
    },
  },
  '/api/v1/customers/{id}/disable': customerOrder(
    'disable',
    'Refuse all keys of a customer',
    'Everywhere within five seconds. What is accepted is sent all the same.',
  ),
  '/api/v1/customers/{id}/enable': customerOrder(
    'enable',
    'Take the keys of a customer again',
    'Those that are neither revoked nor expired.',
  ),
  '/api/v1/keys': {
    post: {
      ...adminOperation,
      operationId: 'createApiKey',
      summary: 'Make an API key',
      description:
        'The answer is the only place that shows it. From the first key on nobody is served without one.',
      requestBody: { required: true, content: { 'application/json': { schema: newKeySchema } } },
      responses: {
        '201': { description: 'Made.', content: jsonContent(issuedKeySchema, issuedKeyExample) },
        ...problemResponses(...adminProblems, ...bodyProblems, 'customer-not-found'),
      },
    },
    get: {
      ...adminOperation,
      operationId: 'listApiKeys',
      summary: 'List API keys',
      description: 'Those too that are revoked or expired. By prefix.',
      requestParams: { query: keyParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: jsonContent(keyListSchema, { keys: [keyExample], next_cursor: null }),
        },
        ...problemResponses(...adminProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/keys/{prefix}/revoke': {
    post: {
      ...adminOperation,
      operationId: 'revokeApiKey',
      summary: 'Refuse an API key for good',
      description: 'Everywhere within five seconds.',
      requestParams: keyPath,
      responses: {
        '200': { description: 'Stored.', content: jsonContent(keySchema, keyExample) },
        ...problemResponses(...adminProblems, 'key-not-found'),
      },
    },
  },
  '/api/v1/keys/{prefix}/rotate': {
    post: {
      ...adminOperation,
      operationId: 'rotateApiKey',
      summary: 'Make a successor of an API key',
      description:
        'With the same customer, scopes and note. The old one goes on for the time given, a day unless told otherwise.',
      requestParams: keyPath,
      requestBody: { required: false, content: { 'application/json': { schema: rotationSchema } } },
      responses: {
        '201': { description: 'Made.', content: jsonContent(issuedKeySchema, issuedKeyExample) },
        ...problemResponses(...adminProblems, ...bodyProblems, 'key-not-found'),
      },
    },
  },
}
