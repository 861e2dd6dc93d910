/** The documentation of what administration does with providers. */
import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi'
import type { ProviderOrder } from '../../domain/provider-mode.ts'
import { providerNameField } from '../fields.ts'
import {
  providerListSchema,
  providerOrderSchema,
  providerSchema,
  providerWeightSchema,
} from '../provider-schemas.ts'
import { providerExample } from './openapi-examples.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

function order(word: ProviderOrder, summary: string, description: string) {
  const operation: ZodOpenApiOperationObject = {
    operationId: `${word}Provider`,
    summary,
    description: `${description} In effect in every processor within two seconds.`,
    ...adminOperation,
    requestParams: { path: z.object({ name: providerNameField }) },
    requestBody: {
      required: false,
      content: { 'application/json': { schema: providerOrderSchema } },
    },
    responses: {
      '200': {
        description: 'Stored.',
        content: { 'application/json': { schema: providerSchema, example: providerExample } },
      },
      ...problemResponses(...adminProblems, ...bodyProblems, 'provider-not-found'),
    },
  }
  return { post: operation }
}

export const providerPaths: ZodOpenApiPathsObject = {
  '/api/v1/providers': {
    get: {
      operationId: 'listProviders',
      summary: 'The providers and the modes they are in',
      ...adminOperation,
      responses: {
        '200': {
          description: 'In the order of the configuration.',
          content: {
            'application/json': {
              schema: providerListSchema,
              example: { providers: [providerExample] },
            },
          },
        },
        ...problemResponses(...adminProblems),
      },
    },
  },
  '/api/v1/providers/{name}/drain': order(
    'drain',
    'Send a provider no new messages',
    'Those in doubt there may still be asked there, and what is under way ends.',
  ),
  '/api/v1/providers/{name}/disable': order(
    'disable',
    'Send a provider nothing',
    'Messages in doubt there wait, as when its circuit is open.',
  ),
  '/api/v1/providers/{name}/enable': order(
    'enable',
    'Put a provider back into service',
    'It takes its share again.',
  ),
  '/api/v1/providers/{name}/weight': {
    put: {
      operationId: 'weighProvider',
      summary: 'Give a provider another weight',
      description:
        'In place of the configured one, until it is null again. In effect in every processor within two seconds.',
      ...adminOperation,
      requestParams: { path: z.object({ name: providerNameField }) },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: providerWeightSchema } },
      },
      responses: {
        '200': {
          description: 'Stored.',
          content: { 'application/json': { schema: providerSchema, example: providerExample } },
        },
        ...problemResponses(...adminProblems, ...bodyProblems, 'provider-not-found'),
      },
    },
  },
}
