/** The documentation of what providers and whoever runs the service use. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { providerNameField } from '../fields.ts'
import { providerReportsBodySchema, reportsStoredSchema } from '../report-schemas.ts'
import { problemResponses } from './openapi-problems.ts'

const healthSchema = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Health', examples: [{ status: 'ok' }] })

const readinessSchema = z
  .object({
    status: z.enum(['ok', 'failing']),
    checks: z.record(z.string(), z.enum(['ok', 'failing'])),
  })
  .meta({ id: 'Readiness', examples: [{ status: 'ok', checks: { postgres: 'ok' } }] })

const readiness = (description: string) => ({
  description,
  content: { 'application/json': { schema: readinessSchema } },
})

function textAnswer(description: string, type: string) {
  return { description, content: { [type]: { schema: { type: 'string' as const } } } }
}

export const servicePaths: ZodOpenApiPathsObject = {
  '/api/v1/providers/{name}/delivery-reports': {
    post: {
      operationId: 'takeDeliveryReports',
      summary: "Take a provider's delivery reports",
      description:
        'One report or an array of them. Answered with 200 only once all are stored; when one has a fault none is. Repeated, late and early reports are normal. While very many wait for their message, one that matches none is refused with 503, and the others are stored.',
      tags: ['providers'],
      security: [{ providerSecret: [] }],
      requestParams: { path: z.object({ name: providerNameField }) },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: providerReportsBodySchema } },
      },
      responses: {
        '200': {
          description: 'All are stored.',
          content: { 'application/json': { schema: reportsStoredSchema } },
        },
        ...problemResponses(
          'malformed-json',
          'unauthorized',
          'body-too-slow',
          'body-too-large',
          'unsupported-media-type',
          'invalid-request',
          'overloaded',
          'unavailable',
        ),
      },
    },
  },
  '/health': {
    get: {
      operationId: 'health',
      summary: 'Is the process alive',
      tags: ['service'],
      responses: {
        '200': { description: 'It is.', content: { 'application/json': { schema: healthSchema } } },
        ...problemResponses(),
      },
    },
  },
  '/health/ready': {
    get: {
      operationId: 'readiness',
      summary: 'Can it do its work',
      tags: ['service'],
      responses: {
        '200': readiness('It can.'),
        '503': readiness('It cannot; checks tell why.'),
        ...problemResponses(),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Metrics for Prometheus',
      tags: ['service'],
      responses: { '200': textAnswer('Text format 0.0.4.', 'text/plain'), ...problemResponses() },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openApi',
      summary: 'This document',
      tags: ['service'],
      responses: {
        '200': {
          description: 'OpenAPI 3.1.',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        ...problemResponses(),
      },
    },
  },
  '/docs': {
    get: {
      operationId: 'docs',
      summary: 'This document, readable',
      tags: ['service'],
      responses: { '200': textAnswer('A page.', 'text/html'), ...problemResponses() },
    },
  },
  '/docs/{asset}': {
    get: {
      operationId: 'docsAsset',
      summary: 'Scripts and styles of the page',
      tags: ['service'],
      requestParams: { path: z.object({ asset: z.string().meta({ examples: ['init.js'] }) }) },
      responses: {
        '200': textAnswer('A script.', 'text/javascript'),
        ...problemResponses('not-found'),
      },
    },
  },
}
