/** Load that follows what the gateway can deliver, so that a rate is that of the whole life and no backlog grows. */
import { metricSum } from '../tests/support/gateway-fixture.ts'
import type { Load } from './load/load.ts'
import type { LoadPlan } from './load/load-plan.ts'
import { type MeasuredLoad, measuredLoad } from './measure.ts'
import type { Servers } from './servers.ts'

/** Messages accepted and not yet delivered, at most. */
export const underWayMax = 4_000
const lookEveryMs = 50

/** Reports that found their message: at the API, or in a processor for those that were parked before. */
const reportCounters = ['sms_reports_matched_total', 'sms_parked_reports_matched_total']

/** Messages delivered so far, by what these roles count. */
export async function deliveredAt(urls: readonly string[]): Promise<number> {
  const counts = await Promise.all(urls.map((url) => metricSum(url, reportCounters)))
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

export interface MeasuredLife extends MeasuredLoad {
  /** Messages delivered a second. */
  readonly rate: number
}

/** One message a request for the plan's duration, as many as are delivered. */
export async function measuredLife(
  servers: Pick<Servers, 'processes'>,
  plan: LoadPlan & { readonly durationMs: number },
  following: Pick<Following, 'delivered' | 'deliveredBefore' | 'signal'>,
): Promise<MeasuredLife> {
  const granted = { ...plan, requestsGranted: underWayMax }
  const untilMs = performance.now() + plan.durationMs
  let rate = 0
  const measured = await measuredLoad(servers, granted, 1, async (load) => {
    const isOver = () => performance.now() >= untilMs
    rate = await follow(load, { ...following, messagesPerRequest: 1, isOver })
  })
  return { ...measured, rate }
}
