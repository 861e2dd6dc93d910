/** How long a message waits in the database when no provider that may have it can take it. */

/** Once it is known that a provider is well again, what waited for it comes within this time. */
export const routeWaitMsMax = 30_000
const routeWaitMsMin = 1_000

/**
 * As long again as it has waited already: nothing has to count, a short outage costs a short delay, and a backlog that waits for one
 * provider is claimed so seldom that the others' messages hardly notice.
 *
 * @param waitedMs since its acceptance; below 0 by another machine's clock
 * @param random 0 ≤ random < 1: what failed together does not come back together
 */
export function routeWaitMs(waitedMs: number, random: number): number {
  const longestMs = Math.min(routeWaitMsMax, Math.max(routeWaitMsMin, waitedMs))
  return Math.round(longestMs * (0.5 + random / 2))
}
