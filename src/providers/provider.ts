/**
 * The provider seam. A driver turns a message into one submit and classifies what came back.
 *
 * `submit` must not assume one connection per message in flight: an SMPP session carries thousands.
 */
import type { DestinationRules } from '../domain/routing.ts'
import type { InDoubtPolicy, SubmitOutcome } from '../domain/submit-outcome.ts'

/** What is submitted. `reference` is the message id: the same on every re-send, so that a provider can tell. */
export interface Submission {
  readonly reference: string
  readonly recipient: string
  readonly senderId: string | null
  readonly text: string
  /** Of the span of this submit, where it is traced. */
  readonly traceparent?: string
}

export interface ProviderDriver {
  /**
   * One submit, one outcome. Never throws and never outlives its own time limit.
   * An abort of `signal` while the request is out yields `indeterminate` with code `aborted`.
   */
  submit(submission: Submission, signal: AbortSignal): Promise<SubmitOutcome>
  /** Called once, when nothing is under way. Never rejects. */
  close(): Promise<void>
}

/** A provider as configured; drivers and gates are built from it. */
export interface ProviderSettings extends DestinationRules {
  /** `[a-z0-9_-]{1,32}`; appears in metrics, in the report path and in the API. */
  readonly name: string
  readonly url: string
  /** Share of the traffic, relative to the other healthy providers. 0 takes none. */
  readonly weight: number
  /** Authenticates the provider's delivery reports; null refuses them all. */
  readonly secret: string | null
  readonly inDoubt: InDoubtPolicy
  /** One submit's time limit. */
  readonly timeoutMs: number
  /** Submits in flight at once, per process. */
  readonly concurrencyMax: number
  /** Submits a second, per process; null is unlimited. */
  readonly ratePerSecondMax: number | null
}
