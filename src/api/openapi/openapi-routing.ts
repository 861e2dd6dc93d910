/** The documentation of the dry run of a route. */
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  type RoutePreviewBody,
  routePreviewAnswerSchema,
  routePreviewSchema,
} from '../routing-schemas.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

export const routePreviewExample: RoutePreviewBody = {
  strategy: 'least_cost',
  sticky: 'off',
  provider: 'secondary',
  sender_id: 'Acme',
  reasons: [
    'least_cost: 0.045 a segment is the least for this number',
    'secondary gets it',
    'when that fails: primary',
  ],
  candidates: [
    {
      provider: 'primary',
      allowed: true,
      why_not: null,
      mode: 'enabled',
      weight: 100,
      priority: 1,
      cost: '0.06',
      rank: 2,
    },
    {
      provider: 'secondary',
      allowed: true,
      why_not: null,
      mode: 'enabled',
      weight: 80,
      priority: 1,
      cost: '0.045',
      rank: 1,
    },
    {
      provider: 'backup',
      allowed: false,
      why_not: 'none of its prefixes fits the number',
      mode: 'enabled',
      weight: 60,
      priority: 1,
      cost: null,
      rank: null,
    },
  ],
}

export const routingPaths: ZodOpenApiPathsObject = {
  '/api/v1/routes/preview': {
    post: {
      operationId: 'previewRoute',
      summary: 'Which provider a message would get, and why',
      description:
        "Nothing is sent. By what is configured in the API's own process and by the modes ordered for all; whether a provider fails just now only the processors know.",
      ...adminOperation,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: routePreviewSchema } },
      },
      responses: {
        '200': {
          description: 'The route.',
          content: {
            'application/json': { schema: routePreviewAnswerSchema, example: routePreviewExample },
          },
        },
        ...problemResponses(...adminProblems, ...bodyProblems),
      },
    },
  },
}
