/**
 * What one identity does to submits and with reports: the schema, the defaults, and changing it.
 *
 * Names are as in the JSON of `PUT /control/<identity>/behaviour`. A rate is a share of all submits,
 * from 0 to 1. The rates that decide a submit's fate exclude one another, so their sum is at most 1.
 */
import { z } from 'zod'
import { distributionSchema } from './distribution.ts'

/** Reports in one POST at most, by the contract of the delivery-report endpoint. */
export const reportBatchLimit = 1_000
/** Report POSTs of one identity to one address in flight at once, at most. */
export const reportFlightsLimit = 16

/** Exclude one another: one draw decides. In the order in which they are laid out over [0, 1). */
export const fateRateNames = [
  'error_rate',
  'reject_rate',
  'throttle_rate',
  'hang_rate',
  'reset_rate',
  'reset_before_rate',
  'malformed_rate',
] as const

const rate = z.number().min(0).max(1)
const weight = z.number().min(0).max(1_000_000).default(0)

const reportStatusSchema = z
  .strictObject({
    delivered: weight,
    undelivered: weight,
    expired: weight,
    rejected: weight,
    unknown: weight,
  })
  .refine((mix) => Object.values(mix).some((value) => value > 0), {
    message: 'at least one weight must be above 0',
  })

const behaviourSchema = z
  .strictObject({
    /** How long every answer takes, good or bad. */
    latency: distributionSchema,
    /** Answers 503 to every submit; nothing is taken. */
    outage: z.boolean(),
    /** Answers `error_status`; not taken. */
    error_rate: rate,
    error_status: z.int().min(400).max(599),
    /** Answers 400 with `reject_error_code`; not taken. */
    reject_rate: rate,
    reject_error_code: z.string().min(1).max(64),
    /** Answers 429 with `Retry-After: retry_after_s`; not taken. */
    throttle_rate: rate,
    retry_after_s: z.int().min(0).max(3_600),
    /** Never answers; whether it was taken all the same is `hang_takes`. */
    hang_rate: rate,
    hang_takes: z.boolean(),
    /** Takes the message, then resets the connection instead of answering. */
    reset_rate: rate,
    /** Resets the connection without taking the message. */
    reset_before_rate: rate,
    /** Takes the message, then answers 200 with a body that breaks the contract. */
    malformed_rate: rate,
    /** Whether an Idempotency-Key seen before is answered with the first message id and no second report. */
    deduplicate: z.boolean(),
    /** Makes every later draw repeatable; null is real chance. */
    seed: z.int().min(0).max(4_294_967_295).nullable(),
    reports_enabled: z.boolean(),
    /** From the submit to the final report. */
    report_delay: distributionSchema,
    /** Weights of the final statuses; those left out are 0. */
    report_status: reportStatusSchema,
    /** No report at all. */
    report_never_rate: rate,
    /** The final report twice, the second after another `report_delay`. */
    report_duplicate_rate: rate,
    /** An `accepted` report on half the way to the final one. */
    report_accepted_rate: rate,
    /** An `accepted` report that comes after the final one. */
    report_reorder_rate: rate,
    /** The final report is sent at once, and the submit answered only when it was acknowledged. */
    report_before_response_rate: rate,
    report_batch_max: z.int().min(1).max(reportBatchLimit),
    /** How long a report may wait for company. */
    report_linger_ms: z.number().min(0).max(10_000),
    report_flights_max: z.int().min(1).max(reportFlightsLimit),
  })
  .refine((behaviour) => fateRateSum(behaviour) <= 1 + Number.EPSILON * 8, {
    message: `the sum of ${fateRateNames.join(', ')} must not be above 1`,
    // Also when other fields are at fault, so that every fault is told at once.
    when: () => true,
  })

export type Behaviour = Readonly<z.infer<typeof behaviourSchema>>
export type FinalStatus = keyof Behaviour['report_status']

/** A good provider: answers in 2–10 ms, delivers everything, reports within 100 ms. */
export const behaviourDefault: Behaviour = {
  latency: { kind: 'uniform', min_ms: 2, max_ms: 10 },
  outage: false,
  error_rate: 0,
  error_status: 503,
  reject_rate: 0,
  reject_error_code: 'invalid_recipient',
  throttle_rate: 0,
  retry_after_s: 1,
  hang_rate: 0,
  hang_takes: true,
  reset_rate: 0,
  reset_before_rate: 0,
  malformed_rate: 0,
  deduplicate: true,
  seed: null,
  reports_enabled: true,
  report_delay: { kind: 'uniform', min_ms: 100, max_ms: 300 },
  report_status: { delivered: 1, undelivered: 0, expired: 0, rejected: 0, unknown: 0 },
  report_never_rate: 0,
  report_duplicate_rate: 0,
  report_accepted_rate: 0,
  report_reorder_rate: 0,
  report_before_response_rate: 0,
  report_batch_max: 500,
  report_linger_ms: 5,
  report_flights_max: 2,
}

export interface BehaviourFault {
  /** RFC 6901, into the body that was sent. */
  readonly pointer: string
  readonly detail: string
}

export type BehaviourChange =
  | { readonly kind: 'changed'; readonly behaviour: Behaviour }
  | { readonly kind: 'faulty'; readonly faults: readonly BehaviourFault[] }

/**
 * Lays `patch` (decoded JSON) over `current`. Fields are replaced whole: a distribution or a status mix
 * is not merged into the one before. Lists every fault at once.
 */
export function changeBehaviour(current: Behaviour, patch: unknown): BehaviourChange {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return { kind: 'faulty', faults: [{ pointer: '', detail: 'must be an object' }] }
  }
  const parsed = behaviourSchema.safeParse({ ...current, ...patch })
  if (parsed.success) return { kind: 'changed', behaviour: parsed.data }
  return { kind: 'faulty', faults: parsed.error.issues.map(faultOf) }
}

function faultOf(issue: z.core.$ZodIssue): BehaviourFault {
  const pointer = issue.path.map((part) => `/${String(part)}`).join('')
  return { pointer, detail: issue.message }
}

/** What is no number counts for nothing here: the field's own check tells of it. */
function fateRateSum(behaviour: Partial<Record<(typeof fateRateNames)[number], unknown>>): number {
  let sum = 0
  for (const name of fateRateNames) {
    const value = behaviour[name]
    if (typeof value === 'number') sum += value
  }
  return sum
}
