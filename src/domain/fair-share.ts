/**
 * Fairness between customers: a lane is made of shares, from which as much is sent of one as of another while both have any.
 * The more a customer has outstanding, the later the share its next message goes into, so that ten messages of one customer
 * wait behind few of another's million. A wrong share costs fairness only, never a message.
 */
import type { Lane } from './message.ts'

/** Who has fewer messages outstanding than the nth of these is in the nth share; who has more than all is in the last. */
export const shareLimits: readonly number[] = [100, 1_000, 10_000, 100_000]

/** How many shares a lane has. An express lane is short: it is first come, first served. */
export const shareCounts: Readonly<Record<Lane, number>> = {
  normal: shareLimits.length + 1,
  express: 1,
}

/** The share of the next message of a customer who has so many outstanding. */
export function shareOf(outstanding: number): number {
  let share = 0
  for (const limit of shareLimits) {
    if (outstanding < limit) break
    share++
  }
  return share
}
