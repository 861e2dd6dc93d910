/** A provider's delivery report in our words, whatever protocol brought it. */
import { dayMs } from './duration.ts'
import type { ReportedState } from './message-state.ts'

export interface ProviderReport {
  readonly provider: string
  readonly providerMessageId: string
  /** `accepted` tells that the message is on its way; it is kept and moves nothing. */
  readonly status: ReportedState | 'accepted'
  readonly errorCode: string | null
  /** By the provider's clock, in milliseconds since the Unix epoch; null when it gave none that can be. */
  readonly occurredAtMs: number | null
}

/**
 * A report is first looked up among messages accepted within this time, which is quick; one that is not found there is
 * parked, and parked reports are looked up among all messages that are kept.
 */
export const reportMatchWindowMs = 2 * dayMs

/** A report that found no message within this time is given up. */
export const parkedReportKeptMs = 7 * dayMs

/** While so many are parked, reports that match nothing are refused, so that their providers keep them. */
export const parkedReportsMax = 1_000_000
