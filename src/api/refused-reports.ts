/** Delivery reports whose credentials are missing or wrong: counted, and said at most every few seconds. */
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ApiMetrics } from './api-metrics.ts'

export type CredentialsFault = 'unknown_provider' | 'provider_without_secret' | 'wrong_secret'

/** `provider` as the request's path names it. */
export type OnRefusedReports = (provider: string, reason: CredentialsFault) => void

/** Of each reason, one line in this time says how many requests there were. */
const lineIntervalMs = 10_000
/** The longest name of a provider, and a little of what is longer. */
const nameCharsMax = 40

interface Said {
  count: number
  atMs: number
}

export function createRefusedReports(
  metrics: Pick<ApiMetrics, 'reportsUnauthorized'>,
  logger: Logger,
  clock: Clock,
): OnRefusedReports {
  const saidByReason = new Map<CredentialsFault, Said>()

  return function onRefusedReports(provider, reason) {
    // A name from a path must not become a label.
    const label = reason === 'unknown_provider' ? '' : provider
    metrics.reportsUnauthorized.inc({ provider: label, reason })
    const said = saidByReason.get(reason) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY }
    saidByReason.set(reason, said)
    said.count++
    const nowMs = clock.monotonicMs()
    if (nowMs - said.atMs < lineIntervalMs) return
    const { count } = said
    logger.warn({
      event: 'reports.unauthorized',
      provider: provider.slice(0, nameCharsMax),
      reason,
      count,
    })
    said.count = 0
    said.atMs = nowMs
  }
}
