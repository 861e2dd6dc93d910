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
