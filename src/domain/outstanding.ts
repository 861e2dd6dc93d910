/**
 * About how many messages each customer has in a lane, as far as this process put them there. It is an estimate for choosing a
 * share, made without asking anybody: what was appended to a share is counted until the oldest entry of that share is younger,
 * for a share is first in, first out. Nothing has to be put right after a crash, a lost queue or entries that came twice.
 *
 * A count is kept in two halves, so that a customer who never stops sending is not counted from its beginning: the older half
 * goes when all of it has left the queue, and the newer takes its place. For who sends steadily it is at most about twice too
 * high.
 */
import { shareCounts, shareOf } from './fair-share.ts'
import type { Lane } from './message.ts'

export interface Outstanding {
  /** The share of one more message of the customer, which counts from now on. */
  place(customerId: number, nowMs: number): number
  /**
   * How old the oldest entry of each share was, when the queue was asked at `askedAtMs`: null for none, negative when nobody can
   * tell.
   */
  measured(oldestAgesMs: readonly (number | null)[], askedAtMs: number): void
}

/** Of so many customers counts are kept; of more, those are forgotten who have sent nothing for longest. */
export const customersCountedMax = 10_000

interface Half {
  readonly count: number
  readonly lastMs: number
}

interface Counts {
  older: Half
  newer: Half
}

const none: Half = { count: 0, lastMs: Number.NEGATIVE_INFINITY }

/** All times are of one clock that only goes forward. */
export function createOutstanding(
  shareCount: number,
  customersMax = customersCountedMax,
): Outstanding {
  if (shareCount === 1) return { place: () => 0, measured: () => undefined }
  /** In the order in which they sent last. */
  const customers = new Map<number, (Counts | undefined)[]>()
  /** What was appended to a share before this has left it. */
  const goneBeforeMs = Array.from({ length: shareCount }, () => Number.NEGATIVE_INFINITY)
  let latest: number | undefined

  function sharesOf(customerId: number): (Counts | undefined)[] {
    let shares = customers.get(customerId)
    if (shares !== undefined && customerId === latest) return shares
    latest = customerId
    customers.delete(customerId)
    shares ??= []
    customers.set(customerId, shares)
    if (customers.size > customersMax) {
      const [longestAgo] = customers.keys()
      if (longestAgo !== undefined) customers.delete(longestAgo)
    }
    return shares
  }

  function count(shares: (Counts | undefined)[], share: number): number {
    const counts = shares[share]
    const goneMs = goneBeforeMs[share] ?? Number.NEGATIVE_INFINITY
    if (counts === undefined) return 0
    if (counts.newer.lastMs < goneMs) {
      shares[share] = undefined
      return 0
    }
    if (counts.older.lastMs < goneMs) {
      counts.older = counts.newer
      counts.newer = { count: 0, lastMs: counts.older.lastMs }
    }
    return counts.older.count + counts.newer.count
  }

  return {
    place(customerId, nowMs) {
      const shares = sharesOf(customerId)
      let total = 0
      for (let share = 0; share < shares.length; share++) total += count(shares, share)
      const share = Math.min(shareOf(total), shareCount - 1)
      const counts = shares[share]
      if (counts === undefined) shares[share] = { older: none, newer: { count: 1, lastMs: nowMs } }
      else counts.newer = { count: counts.newer.count + 1, lastMs: nowMs }
      return share
    },
    measured(oldestAgesMs, askedAtMs) {
      for (const [share, ageMs] of oldestAgesMs.entries()) {
        if (ageMs !== null && ageMs < 0) continue
        goneBeforeMs[share] = askedAtMs - (ageMs ?? 0)
      }
    },
  }
}

export function createOutstandingByLane(): Readonly<Record<Lane, Outstanding>> {
  return {
    normal: createOutstanding(shareCounts.normal),
    express: createOutstanding(shareCounts.express),
  }
}
