/**
 * What became of one submit to one provider. The provider's driver classifies; nobody else guesses.
 * Expected results are values: an exception from a driver is a defect and is treated as indeterminate.
 */

/** What every outcome but `taken` tells about its cause. Holds no secret; a recipient in a provider's words is masked before they go on. */
export interface SubmitFailure {
  /** Stable and machine-readable: a provider's code (`invalid_recipient`) or ours (`connection_refused`). */
  readonly code: string
  /** For a person, at most `failureDetailLengthMax` characters. */
  readonly detail: string
}

export type SubmitOutcome =
  /** The provider has it and gave it an id. */
  | { readonly kind: 'taken'; readonly providerMessageId: string }
  /** Permanent for this message: no other provider is tried. */
  | ({ readonly kind: 'rejected' } & SubmitFailure)
  /** Not taken, slow down: try another provider now; this one again after `retryAfterMs`. */
  | ({ readonly kind: 'throttled'; readonly retryAfterMs: number } & SubmitFailure)
  /** Certainly not taken: fail over to the next provider at once. */
  | ({ readonly kind: 'unavailable' } & SubmitFailure)
  /** May have been taken: the provider's in-doubt policy decides. */
  | ({ readonly kind: 'indeterminate' } & SubmitFailure)

export type SubmitOutcomeKind = SubmitOutcome['kind']

/** What to do with a message that a provider may or may not have taken. */
export const inDoubtPolicies = ['resend', 'unknown'] as const
export type InDoubtPolicy = (typeof inDoubtPolicies)[number]

export const failureDetailLengthMax = 300

/** One failed submit, kept with the message so that its owner can see why. */
export interface AttemptFailure extends SubmitFailure {
  readonly attempt: number
  readonly provider: string | null
  readonly kind: Exclude<SubmitOutcomeKind, 'taken'>
  /** RFC 3339, UTC. */
  readonly at: string
}

/** A message keeps its newest failures only. */
export const failuresKeptMax = 20
