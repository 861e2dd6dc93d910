import { afterAll, describe, expect, test } from 'bun:test'
import type { z } from 'zod'
import { createFakeApi } from '../../../tests/support/fake-api.ts'
import { accountSchema, entrySchema, priceListSchema } from '../account-schemas.ts'
import { customerSchema, issuedKeySchema, keySchema } from '../customer-schemas.ts'
import {
  deadLetterFilterSchema,
  deadLetterListSchema,
  deadLetterSchema,
  deadLetterSelectionSchema,
  purgedSchema,
  replayedSchema,
} from '../dead-letter-schemas.ts'
import {
  acceptedSchema,
  batchItemSchema,
  batchSchema,
  messageListSchema,
  messageSchema,
  previewAnswerSchema,
  submitSchema,
} from '../message-schemas.ts'
import { problemKinds, problemType } from '../problems.ts'
import { providerOrderSchema, providerSchema } from '../provider-schemas.ts'
import {
  deliveryReportsSchema,
  providerReportSchema,
  providerReportsBodySchema,
} from '../report-schemas.ts'
import { routePreviewAnswerSchema, routePreviewSchema } from '../routing-schemas.ts'
import {
  deliveryListSchema,
  newWebhookSchema,
  replayedWebhooksSchema,
  replaySchema,
  secretRotationSchema,
  webhookChangeSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '../webhook-schemas.ts'
import { createOpenApiDocument } from './openapi.ts'
import { accountExample, entryExample, priceListExample } from './openapi-accounts.ts'
import {
  acceptedExample,
  batchAnswerExample,
  customerExample,
  deadLetterExample,
  deadLetterListExample,
  deliveryReportsExample,
  issuedKeyExample,
  keyExample,
  messageExample,
  messageListExample,
  previewExample,
  providerExample,
  purgedExample,
  replayedExample,
} from './openapi-examples.ts'
import { batchAnswerSchema } from './openapi-messages.ts'
import { problemSchema } from './openapi-problems.ts'
import { routePreviewExample } from './openapi-routing.ts'
import {
  deliveryListExample,
  replayedWebhooksExample,
  webhookExample,
  webhookWithSecretExample,
} from './openapi-webhook-examples.ts'

interface Operation {
  readonly operationId: string
  readonly responses: Record<string, { content?: Record<string, { examples?: object }> }>
}
interface Document {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}

const api = createFakeApi()
afterAll(() => api.close())

const document = JSON.parse(JSON.stringify(createOpenApiDocument('1.2.3'))) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

describe('the document', () => {
  test('is served', async () => {
    const response = await api.send('/openapi.json')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual(document)
    expect(document.openapi).toBe('3.1.0')
    expect(document.info.version).toBe('1.2.3')
  })

  test('has every route, and no other', () => {
    const documented = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    const routed = api.routes.map(
      ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
    expect(documented.sort()).toEqual([...routed].sort())
  })

  test('names every operation once', () => {
    const names = operations.map(({ operation }) => operation.operationId)
    expect(names.every((name) => /^[a-z][A-Za-z]+$/.test(name))).toBe(true)
    expect(new Set(names).size).toBe(names.length)
  })

  test('has every problem, with an example that is one', () => {
    const shown = new Set<string>()
    for (const { operation } of operations) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const examples = content?.['application/problem+json']?.examples ?? {}
        for (const { value } of Object.values(examples) as { value: unknown }[]) {
          const problem = problemSchema.parse(value)
          expect(String(problem.status)).toBe(status)
          shown.add(problem.type)
        }
      }
    }
    const kinds = Object.keys(problemKinds) as (keyof typeof problemKinds)[]
    expect([...shown].sort()).toEqual(kinds.map(problemType).sort())
  })

  test('leads nowhere: every reference is there', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)
    const names = [...references].map(([, name]) => name ?? '')
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) expect(document.components.schemas).toHaveProperty(name)
  })

  test('closes what clients send and leaves answers open', () => {
    const { schemas } = document.components
    expect(schemas.Submit).toMatchObject({ additionalProperties: false })
    expect(schemas.Message).not.toHaveProperty('additionalProperties')
  })
})

describe('examples', () => {
  const answers: [string, z.ZodType, unknown][] = [
    ['an acceptance', acceptedSchema, acceptedExample],
    ['an answer to a batch', batchAnswerSchema, batchAnswerExample],
    ['a message', messageSchema, messageExample],
    ['a listing', messageListSchema, messageListExample],
    ['reports', deliveryReportsSchema, deliveryReportsExample],
    ['a dead letter', deadLetterSchema, deadLetterExample],
    ['dead letters', deadLetterListSchema, deadLetterListExample],
    ['a replay', replayedSchema, replayedExample],
    ['a purge', purgedSchema, purgedExample],
    ['a provider', providerSchema, providerExample],
    ['a preview', previewAnswerSchema, previewExample],
    ['a previewed route', routePreviewAnswerSchema, routePreviewExample],
    ['a customer', customerSchema, customerExample],
    ['an account', accountSchema, accountExample],
    ['an entry', entrySchema, entryExample],
    ['a price list', priceListSchema, priceListExample],
    ['a key', keySchema, keyExample],
    ['a key that is shown once', issuedKeySchema, issuedKeyExample],
    ['a webhook', webhookSchema, webhookExample],
    ['a webhook with its secret', webhookWithSecretSchema, webhookWithSecretExample],
    ['deliveries', deliveryListSchema, deliveryListExample],
    ['replayed webhooks', replayedWebhooksSchema, replayedWebhooksExample],
  ]
  test.each(answers)('%s fits its schema, to the last member', (_, schema, example) => {
    expect(schema.parse(example)).toEqual(example)
  })

  const bodies: [string, z.ZodType][] = [
    ['submit', submitSchema],
    ['item', batchItemSchema],
    ['batch', batchSchema],
    ['report', providerReportSchema],
    ['order', providerOrderSchema],
    ['previewed route', routePreviewSchema],
    ['reports', providerReportsBodySchema],
    ['filter', deadLetterFilterSchema],
    ['selection', deadLetterSelectionSchema],
    ['webhook', newWebhookSchema],
    ['change of a webhook', webhookChangeSchema],
    ['rotation of a secret', secretRotationSchema],
    ['replay of webhooks', replaySchema],
  ]
  test.each(bodies)('of a %s fit its schema', (_, schema) => {
    const examples = (schema.meta()?.examples ?? []) as unknown[]
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(schema.safeParse(example).success).toBe(true)
  })
})
