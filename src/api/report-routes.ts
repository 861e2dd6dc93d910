/** Providers' delivery reports. Answered 2xx only once they are stored. */
import { isAuthentic } from './credentials.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { type Problem, passingProblem, problemResponse } from './problems.ts'
import type { CredentialsFault, OnRefusedReports } from './refused-reports.ts'
import type { ReportIntake } from './report-intake.ts'
import {
  type ProviderReportBody,
  providerReportSchema,
  providerReportsSchema,
} from './report-schemas.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

/** The secret of a provider: null when it has none and its reports are refused, undefined when there is no such provider. */
export type ProviderSecret = (name: string) => string | null | undefined

/** Longest body of reports: the most of them in one request, each of a kilobyte. */
export const reportsBytesMax = 1_048_576

export const providerReportsPath = '/api/v1/providers/:name/delivery-reports'

export interface ReportRoutesOptions {
  readonly readJson: ReadJson
  readonly providerSecret: ProviderSecret
  readonly onRefused: OnRefusedReports
  readonly intake: ReportIntake
  readonly classify: ClassifyDatabaseError
}

export function reportRoute(options: ReportRoutesOptions): Route {
  const { readJson, providerSecret, onRefused, intake, classify } = options

  async function takeReports({ request, requestId, param }: Exchange): Promise<Response> {
    const provider = param('name')
    const secret = providerSecret(provider)
    if (!isAuthentic(request, secret)) {
      onRefused(provider, credentialsFault(secret))
      return problemResponse(unauthorized, requestId)
    }
    const body = await readJson(request, { bytesMax: reportsBytesMax })
    if (!body.ok) return problemResponse(body.failure.problem, requestId)
    const parsed = parseReports(body.value)
    if ('kind' in parsed) return problemResponse(parsed, requestId)
    try {
      const allStored = await intake.store(provider, parsed.reports)
      if (!allStored) return problemResponse(parkingFull, requestId)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      return problemResponse(failure.problem, requestId)
    }
    return jsonResponse({ stored: parsed.reports.length })
  }

  return { method: 'POST', path: providerReportsPath, handle: takeReports }
}

/** For whoever runs the gateway: the provider is told the same in all cases. */
export function credentialsFault(secret: string | null | undefined): CredentialsFault {
  if (secret === undefined) return 'unknown_provider'
  return secret === null ? 'provider_without_secret' : 'wrong_secret'
}

/** One report or an array of them. All are stored, or none when one has a fault. */
function parseReports(value: unknown): { reports: readonly ProviderReportBody[] } | Problem {
  if (Array.isArray(value)) {
    const parsed = providerReportsSchema.safeParse(value)
    return parsed.success ? { reports: parsed.data } : invalidRequest(bodyFaults(parsed.error))
  }
  const parsed = providerReportSchema.safeParse(value)
  return parsed.success ? { reports: [parsed.data] } : invalidRequest(bodyFaults(parsed.error))
}

const unauthorized: Problem = {
  kind: 'unauthorized',
  detail: "Send the provider's secret as a bearer token.",
  headers: { 'www-authenticate': 'Bearer realm="delivery-reports"' },
}

/** Reports that match nothing are looked up again within minutes, or wait for days: a minute is soon enough. */
const parkingRetrySeconds = 60

const parkingFull: Problem = passingProblem(
  'overloaded',
  'Too many reports wait for their messages: those of this request that match none were not stored.',
  parkingRetrySeconds,
)
