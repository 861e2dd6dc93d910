/** When to try again. */

export interface RetrySchedule {
  readonly attemptsMax: number
  readonly backoffBaseMs: number
  readonly backoffMsMax: number
}

/**
 * How long to wait after `attempt` (from 1) failed, or null when it was the last. Exponential back-off with full jitter:
 * a random time between nothing and the limit, so that messages which failed together do not come back together.
 *
 * @param random 0 ≤ random < 1
 * @param atLeastMs a provider's Retry-After, which the jitter must not undercut
 */
export function retryDelayMs(
  schedule: RetrySchedule,
  attempt: number,
  random: number,
  atLeastMs = 0,
): number | null {
  if (attempt >= schedule.attemptsMax) return null
  const limitMs = Math.min(schedule.backoffMsMax, schedule.backoffBaseMs * 2 ** (attempt - 1))
  return Math.max(Math.min(atLeastMs, schedule.backoffMsMax), Math.round(limitMs * random))
}
