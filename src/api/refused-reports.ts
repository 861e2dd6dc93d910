/** Delivery reports whose credentials are missing or wrong: counted, and said at most every few seconds for each provider. */
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ApiMetrics } from './api-metrics.ts'

export type CredentialsFault = 'unknown_provider' | 'provider_without_secret' | 'wrong_secret'

/** `provider` as the request's path names it. */
export type OnRefusedReports = (provider: string, reason: CredentialsFault) => void

/** After a line, requests are only counted for so long; the line after that has their number. */
const lineIntervalMs = 10_000
/** The longest name of a provider, and a little of what is longer. */
const nameCharsMax = 40

interface Said {
  count: number
  atMs: number
}

/**
 * @param providers those whose counters are shown from the start
 * @param event of the log line
 */
export function createRefusedReports(
  metrics: Pick<ApiMetrics, 'reportsUnauthorized'>,
  logger: Logger,
  clock: Clock,
  providers: readonly string[],
  event = 'reports.unauthorized',
): OnRefusedReports {
  const saidOf = new Map<string, Said>()
  const count = (provider: string, reason: CredentialsFault, requests: number) =>
    metrics.reportsUnauthorized.inc({ provider, reason }, requests)
  count('', 'unknown_provider', 0)
  for (const provider of providers) {
    count(provider, 'provider_without_secret', 0)
    count(provider, 'wrong_secret', 0)
  }

  return function onRefusedReports(provider, reason) {
    // A name from a path must become neither a label nor a key.
    const known = reason === 'unknown_provider' ? '' : provider
    count(known, reason, 1)
    const key = `${reason} ${known}`
    const said = saidOf.get(key) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY }
    saidOf.set(key, said)
    said.count++
    const nowMs = clock.monotonicMs()
    if (nowMs - said.atMs < lineIntervalMs) return
    logger.warn({
      event,
      provider: provider.slice(0, nameCharsMax),
      reason,
      count: said.count,
    })
    said.count = 0
    said.atMs = nowMs
  }
}
