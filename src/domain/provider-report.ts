/** A provider's delivery report in our words, whatever protocol brought it. */
import type { ReportedState } from './message-state.ts'

export interface ProviderReport {
  readonly provider: string
  readonly providerMessageId: string
  /** `accepted` tells that the message is on its way; it is kept and moves nothing. */
  readonly status: ReportedState | 'accepted'
  readonly errorCode: string | null
  /** By the provider's clock, in milliseconds since the Unix epoch; the time of arrival when it gave none. */
  readonly occurredAtMs: number
}

const dayMs = 86_400_000

/**
 * How long after its acceptance a message's reports find it. A report is first looked up among recent messages, which is
 * quick; one that is not found there is parked, and parked reports are looked up among all.
 */
export const reportMatchWindowMs = { recent: 2 * dayMs, all: 7 * dayMs } as const
