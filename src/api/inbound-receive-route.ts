/** What people send to our numbers, as providers bring it. Answered 2xx only once it is stored. */
import { isAuthentic } from './credentials.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import type { InboundIntake } from './inbound-intake.ts'
import { type InboundItemBody, inboundItemSchema, inboundItemsSchema } from './inbound-schemas.ts'
import { type Problem, problemResponse } from './problems.ts'
import type { OnRefusedReports } from './refused-reports.ts'
import { credentialsFault, type ProviderSecret } from './report-routes.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

/** Longest body: the most messages in one request, each of a few kilobytes. */
export const inboundBytesMax = 4 * 1_048_576

export const providerInboundPath = '/api/v1/providers/:name/inbound-messages'

export interface InboundReceiveOptions {
  readonly readJson: ReadJson
  readonly providerSecret: ProviderSecret
  readonly onRefused: OnRefusedReports
  readonly intake: InboundIntake
  readonly classify: ClassifyDatabaseError
}

export function inboundReceiveRoute(options: InboundReceiveOptions): Route {
  const { readJson, providerSecret, onRefused, intake, classify } = options

  async function take({ request, requestId, param }: Exchange): Promise<Response> {
    const provider = param('name')
    const secret = providerSecret(provider)
    if (!isAuthentic(request, secret)) {
      onRefused(provider, credentialsFault(secret))
      return problemResponse(unauthorized, requestId)
    }
    const body = await readJson(request, { bytesMax: inboundBytesMax })
    if (!body.ok) return problemResponse(body.failure.problem, requestId)
    const parsed = parseItems(body.value)
    if ('kind' in parsed) return problemResponse(parsed, requestId)
    try {
      await intake.store(provider, parsed.items)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      return problemResponse(failure.problem, requestId)
    }
    return jsonResponse({ stored: parsed.items.length })
  }

  return { method: 'POST', path: providerInboundPath, handle: take }
}

/** One message or an array of them. All are stored, or none when one has a fault. */
function parseItems(value: unknown): { items: readonly InboundItemBody[] } | Problem {
  if (Array.isArray(value)) {
    const parsed = inboundItemsSchema.safeParse(value)
    return parsed.success ? { items: parsed.data } : invalidRequest(bodyFaults(parsed.error))
  }
  const parsed = inboundItemSchema.safeParse(value)
  return parsed.success ? { items: [parsed.data] } : invalidRequest(bodyFaults(parsed.error))
}

const unauthorized: Problem = {
  kind: 'unauthorized',
  detail: "Send the provider's secret as a bearer token.",
  headers: { 'www-authenticate': 'Bearer realm="inbound-messages"' },
}
