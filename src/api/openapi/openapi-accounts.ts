/** The documentation of accounts, their ledgers, and prices. */
import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi'
import {
  type AccountBody,
  accountChangeSchema,
  accountParametersSchema,
  accountSchema,
  type EntryBody,
  entryListSchema,
  entryParametersSchema,
  entrySchema,
  newEntrySchema,
  type PriceListBody,
  priceListChangeSchema,
  priceListSchema,
} from '../account-schemas.ts'
import { customerIdField } from '../fields.ts'
import {
  adminOperation,
  adminProblems,
  bodyProblems,
  problemResponses,
} from './openapi-problems.ts'

const customerPath = { path: z.object({ id: customerIdField }) }

export const accountExample: AccountBody = {
  customer_id: 42,
  balance: '12.35',
  credit: '50.00',
  available: '62.35',
  return_rule: 'not_sent',
  opened_at: '2026-01-31T12:00:00.000Z',
}

export const entryExample: EntryBody = {
  id: 7,
  customer_id: 42,
  entered_at: '2026-01-31T12:00:00.000Z',
  kind: 'messages',
  amount: '-0.15',
  balance: '12.35',
  messages: 2,
  reference: null,
  note: null,
}

export const priceListExample: PriceListBody = {
  customer_id: 42,
  changed_at: '2026-01-31T12:00:00.000Z',
  prices: { '+': '0.10', '+49': '0.075' },
}

function jsonContent<T extends z.ZodType>(schema: T, example?: z.infer<T>) {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } }
}

const readOperation = {
  tags: ['accounts'],
  security: [{ apiKey: [] }, { apiKeyHeader: [] }, {}],
}
const readProblems = ['unauthorized', 'forbidden', 'invalid-request', 'unavailable'] as const

function showPrices(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    ...adminOperation,
    operationId,
    summary,
    responses: {
      '200': { description: 'It.', content: jsonContent(priceListSchema, priceListExample) },
      ...problemResponses(...adminProblems, 'customer-not-found'),
    },
  }
}

function setPrices(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    ...adminOperation,
    operationId,
    summary,
    description: 'The whole list anew; in force everywhere within five seconds.',
    requestBody: { required: true, content: jsonContent(priceListChangeSchema) },
    responses: {
      '200': { description: 'Stored.', content: jsonContent(priceListSchema, priceListExample) },
      ...problemResponses(...adminProblems, ...bodyProblems, 'customer-not-found'),
    },
  }
}

export const accountPaths: ZodOpenApiPathsObject = {
  '/api/v1/account': {
    get: {
      ...readOperation,
      operationId: 'getAccount',
      summary: 'Get the balance',
      description: 'A customer its own; staff that of customer_id.',
      requestParams: { query: accountParametersSchema },
      responses: {
        '200': { description: 'It.', content: jsonContent(accountSchema, accountExample) },
        ...problemResponses(...readProblems, 'account-not-found'),
      },
    },
  },
  '/api/v1/account/entries': {
    get: {
      ...readOperation,
      operationId: 'listLedgerEntries',
      summary: 'List the entries of the ledger',
      description: 'Their amounts add up to the balance. Newest first.',
      requestParams: { query: entryParametersSchema },
      responses: {
        '200': {
          description: 'A page.',
          content: jsonContent(entryListSchema, { entries: [entryExample], next_cursor: null }),
        },
        ...problemResponses(...readProblems),
      },
    },
  },
  '/api/v1/customers/{id}/account': {
    put: {
      ...adminOperation,
      operationId: 'setAccount',
      summary: 'Open the account of a customer, or change it',
      description:
        'From then on, within five seconds everywhere, its messages cost what the price lists say. What is not given stays.',
      requestParams: customerPath,
      requestBody: { required: true, content: jsonContent(accountChangeSchema) },
      responses: {
        '200': { description: 'Stored.', content: jsonContent(accountSchema, accountExample) },
        ...problemResponses(...adminProblems, ...bodyProblems, 'customer-not-found'),
      },
    },
  },
  '/api/v1/customers/{id}/account/entries': {
    post: {
      ...adminOperation,
      operationId: 'enterInLedger',
      summary: 'Enter money',
      description: 'Once a reference: a repetition answers 200 with the entry that there is.',
      requestParams: customerPath,
      requestBody: { required: true, content: jsonContent(newEntrySchema) },
      responses: {
        '201': { description: 'Entered.', content: jsonContent(entrySchema, entryExample) },
        '200': { description: 'It was before.', content: jsonContent(entrySchema, entryExample) },
        ...problemResponses(
          ...adminProblems,
          ...bodyProblems,
          'account-not-found',
          'reference-reused',
        ),
      },
    },
  },
  '/api/v1/prices': {
    get: showPrices('getCommonPrices', 'Get the common price list'),
    put: setPrices('setCommonPrices', 'Set the common price list'),
  },
  '/api/v1/customers/{id}/prices': {
    get: {
      ...showPrices('getPrices', 'Get the price list of a customer'),
      requestParams: customerPath,
    },
    put: {
      ...setPrices('setPrices', 'Set the price list of a customer'),
      requestParams: customerPath,
    },
  },
}
