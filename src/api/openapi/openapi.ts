/** The OpenAPI document, made from the schemas that check the requests. */
import { createDocument, type oas31 } from 'zod-openapi'
import { accountPaths } from './openapi-accounts.ts'
import { customerPaths } from './openapi-customers.ts'
import { deadLetterPaths } from './openapi-dead-letters.ts'
import { inboundPaths } from './openapi-inbound.ts'
import { messagePaths } from './openapi-messages.ts'
import { optOutPaths } from './openapi-opt-outs.ts'
import { privacyPaths } from './openapi-privacy.ts'
import { providerPaths } from './openapi-providers.ts'
import { routingPaths } from './openapi-routing.ts'
import { servicePaths } from './openapi-service.ts'
import { webhookPaths } from './openapi-webhooks.ts'

const description = `Takes short messages, keeps them safe, sends them over several providers and tells what became of each.

Errors are problems (RFC 9457): decide by \`type\`, and find every fault in \`errors\`. An answer of 503 has a \`Retry-After\` in whole seconds. Every answer has an \`X-Request-Id\`; a request may bring its own.`

export function createOpenApiDocument(version: string): oas31.OpenAPIObject {
  return createDocument(
    {
      openapi: '3.1.0',
      info: { title: 'SMS Gateway', version, description, license: { name: 'MIT' } },
      servers: [{ url: '/' }],
      tags: [
        { name: 'messages', description: 'For customers.' },
        { name: 'accounts', description: 'For customers: what they have and what it costs.' },
        { name: 'inbound', description: 'What people send, and what they opt out of.' },
        { name: 'webhooks', description: 'For customers who want to be told.' },
        { name: 'providers', description: 'For SMS providers.' },
        { name: 'service', description: 'For those who run it.' },
        { name: 'privacy', description: 'For customers and those who run it.' },
        { name: 'administration', description: 'For those who may change what others sent.' },
      ],
      security: [],
      paths: {
        ...messagePaths,
        ...inboundPaths,
        ...optOutPaths,
        ...webhookPaths,
        ...providerPaths,
        ...routingPaths,
        ...servicePaths,
        ...deadLetterPaths,
        ...customerPaths,
        ...accountPaths,
        ...privacyPaths,
      },
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          providerSecret: { type: 'http', scheme: 'bearer', description: "The provider's secret." },
          adminToken: { type: 'http', scheme: 'bearer', description: 'The admin token.' },
        },
      },
    },
    { override: openAnswers },
  )
}

/** Answers may get further members; only what clients send is closed. */
function openAnswers({ io, jsonSchema }: { io: 'input' | 'output'; jsonSchema: object }): void {
  if (io === 'output' && 'additionalProperties' in jsonSchema) {
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  }
}
