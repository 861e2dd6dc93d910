/** The documentation of everything about dead letters. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  deadLetterListSchema,
  deadLetterParametersSchema,
  deadLetterSchema,
  deadLetterSelectionSchema,
  deadLettersPerRequestMax,
  purgedSchema,
  replayedSchema,
} from '../dead-letter-schemas.ts'
import { messageIdField } from '../fields.ts'
import {
  deadLetterExample,
  deadLetterListExample,
  purgedExample,
  replayedExample,
} from './openapi-examples.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

const requestBody = {
  required: true,
  content: { 'application/json': { schema: deadLetterSelectionSchema } },
}
const once = `Each letter is taken once, whoever else asks. With a filter at most ${deadLettersPerRequestMax}; more tells whether there were more.`

export const deadLetterPaths: ZodOpenApiPathsObject = {
  '/api/v1/dead-letters': {
    get: {
      ...adminOperation,
      operationId: 'listDeadLetters',
      summary: 'List dead letters',
      description:
        'Messages that never left; the last to die first, a page at a time. All filters given must hold.',
      requestParams: { query: deadLetterParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: {
            'application/json': { schema: deadLetterListSchema, example: deadLetterListExample },
          },
        },
        ...problemResponses(...adminProblems, 'invalid-request'),
      },
    },
  },
  '/api/v1/dead-letters/{id}': {
    get: {
      ...adminOperation,
      operationId: 'getDeadLetter',
      summary: 'A dead letter and why it died',
      requestParams: { path: z.object({ id: messageIdField }) },
      responses: {
        '200': {
          description: 'The letter.',
          content: { 'application/json': { schema: deadLetterSchema, example: deadLetterExample } },
        },
        ...problemResponses(...adminProblems, 'dead-letter-not-found'),
      },
    },
  },
  '/api/v1/dead-letters/replay': {
    post: {
      ...adminOperation,
      operationId: 'replayDeadLetters',
      summary: 'Send dead letters again',
      description: `With a new validity period and a full count of attempts. ${once} Give \`to\` when you go on while there are more, or those that die again are sent again too.`,
      requestBody,
      responses: {
        '200': {
          description: 'They will be sent.',
          content: { 'application/json': { schema: replayedSchema, example: replayedExample } },
        },
        ...problemResponses(...adminProblems, ...bodyProblems),
      },
    },
  },
  '/api/v1/dead-letters/purge': {
    post: {
      ...adminOperation,
      operationId: 'purgeDeadLetters',
      summary: 'Forget dead letters',
      description: `The messages stay failed, with their failures and reports. ${once}`,
      requestBody,
      responses: {
        '200': {
          description: 'They are gone.',
          content: { 'application/json': { schema: purgedSchema, example: purgedExample } },
        },
        ...problemResponses(...adminProblems, ...bodyProblems),
      },
    },
  },
}
