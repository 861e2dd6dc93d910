/** Load that follows what the gateway can deliver, so that a rate is that of the whole life and no backlog grows. */
import type { Load } from './load/load.ts'
import { counterSum } from './measure.ts'

/** Messages accepted and not yet delivered, at most. */
export const underWayMax = 4_000
const lookEveryMs = 50

/** Reports that found their message: at the API, or in a processor for those that were parked before. */
const reportCounters = ['sms_reports_matched_total', 'sms_parked_reports_matched_total']

/** Messages delivered so far, by what these roles count. */
export async function deliveredAt(urls: readonly string[]): Promise<number> {
  const counts = await Promise.all(urls.map((url) => counterSum(url, reportCounters)))
  return counts.reduce((sum, count) => sum + count, 0)
}

export interface Following {
  readonly delivered: () => Promise<number>
  readonly deliveredBefore: number
  readonly messagesPerRequest: number
  /** Asked after each look. */
  readonly isOver: (deliveredCount: number) => boolean
  readonly signal: AbortSignal
}

/** Grants requests as messages are delivered. Answers the messages delivered a second. */
export async function follow(load: Load, following: Following): Promise<number> {
  const { delivered, deliveredBefore, messagesPerRequest, isOver, signal } = following
  const startedMs = performance.now()
  for (;;) {
    const count = (await delivered()) - deliveredBefore
    const elapsedMs = performance.now() - startedMs
    if (isOver(count)) return (count * 1_000) / elapsedMs
    load.grant(Math.floor((count + underWayMax) / messagesPerRequest))
    signal.throwIfAborted()
    await Bun.sleep(lookEveryMs)
  }
}
