/** When a webhook is tried again: Standard Webhooks 1.0, "Deliverability and reliability". */

/** A wait becomes longer by up to this share, so that what failed together does not come back together. */
export const jitterShare = 0.2

/** More than this is not waited because an endpoint asks for it. */
export const retryAfterMsMax = 3_600_000

/**
 * How long to wait after the attempt at this step (from 1) failed, or null when it was the last.
 *
 * @param waitsS the waits between attempts, in seconds: there is one attempt more than waits
 * @param random 0 ≤ random < 1
 * @param atLeastMs what the endpoint asked for with Retry-After
 */
export function webhookWaitMs(
  waitsS: readonly number[],
  step: number,
  random: number,
  atLeastMs = 0,
): number | null {
  const waitS = waitsS[step - 1]
  if (waitS === undefined) return null
  const waitMs = Math.round(waitS * 1_000 * (1 + jitterShare * random))
  return Math.max(waitMs, Math.min(atLeastMs, retryAfterMsMax))
}

const pauseMsMin = 1_000
const pauseMsMax = 300_000
/** Beyond it the pause does not grow. */
const doublingsMax = 20

/**
 * How long an endpoint that asked for less (429, 502, 504) gets nothing at all.
 *
 * @param failures attempts there that failed in a row, with this one
 */
export function throttlePauseMs(failures: number, random: number, atLeastMs = 0): number {
  const doublings = Math.min(Math.max(failures - 1, 0), doublingsMax)
  const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** doublings) * (1 + jitterShare * random)
  return Math.round(Math.max(pauseMs, Math.min(atLeastMs, retryAfterMsMax)))
}
