/**
 * What stands between a body and a message that is accepted, for one message and for many: its schema, whose it is, what is checked
 * of it, and what refuses it for now. Every fault of a message is told at once; whether it is refused is asked of those without
 * faults only.
 */
import type { z } from 'zod'
import type { CustomerProfile } from '../domain/customer-settings.ts'
import type { Lane } from '../domain/message.ts'
import type { Caller } from './caller.ts'
import { customerFaults, withCustomer } from './customer-of-submit.ts'
import type { CustomerProfiles } from './customer-profiles.ts'
import { bodyFaults, faultsListedMax, invalidRequest } from './faults.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'
import { type Remains, remainsOf } from './remains-of-body.ts'
import type { Failure } from './store-failure.ts'
import type { AddressCheck, Candidate, SubmitCheck, SubmitRefusal } from './submit-candidate.ts'

export interface SubmitItem {
  readonly value: unknown
  readonly pointer: string
}

export type Verdict = Candidate | Failure

export interface SubmitChecksOptions {
  readonly profiles: Pick<CustomerProfiles, 'find'>
  /** Also of messages with faults in other fields, so that all are told at once. */
  readonly addressCheck: AddressCheck
  readonly checks: readonly SubmitCheck[]
  readonly refusals: readonly SubmitRefusal[]
}

export interface SubmitChecks {
  /** A verdict for each, in order. @throws what `storeFailure` explains */
  judge(
    items: readonly SubmitItem[],
    schema: z.ZodType<Submit & { lane?: Lane | undefined }>,
    /** Of items that name none. */
    lane: Lane,
    caller: Caller,
  ): readonly Verdict[] | Promise<readonly Verdict[]>
}

export function isCandidate(verdict: Verdict): verdict is Candidate {
  return 'submit' in verdict
}

export function createSubmitChecks(options: SubmitChecksOptions): SubmitChecks {
  const { profiles, addressCheck, checks, refusals } = options

  function examine(
    drafts: readonly Draft[],
    found: readonly (CustomerProfile | null)[],
  ): readonly Verdict[] {
    let faultsLeft = faultsListedMax
    return drafts.map((draft, place) => {
      const profile = found[place]
      // At least one, so that a faulty message always says why.
      const countMax = Math.max(1, faultsLeft)
      const faults: Fault[] = [...draft.faults]
      let candidate: Candidate | null = null
      if ('remains' in draft && draft.remains !== null && profile) {
        addressCheck({ ...draft.remains, profile }, faults)
      }
      if ('submit' in draft && profile) {
        const { submit, lane, caller, pointer } = draft
        candidate = { submit, lane, profile, caller, pointer }
        addressCheck(candidate, faults)
        for (const check of checks) check(candidate, faults)
      }
      if (candidate !== null && faults.length === 0) return candidate
      const listed = faults.slice(0, countMax)
      faultsLeft -= listed.length
      return { problem: invalidRequest(listed), reason: 'invalid' }
    })
  }

  function refuse(verdicts: readonly Verdict[]): readonly Verdict[] | Promise<readonly Verdict[]> {
    let judged = verdicts
    for (let next = 0; next < refusals.length; next++) {
      const left = judged.filter(isCandidate)
      const reasons = left.length === 0 ? [] : refusals[next]?.(left)
      if (reasons instanceof Promise) return refuseLater(judged, reasons, next)
      judged = withReasons(judged, reasons ?? [])
    }
    return judged
  }

  async function refuseLater(
    verdicts: readonly Verdict[],
    asked: Promise<readonly (Failure | null)[]>,
    index: number,
  ): Promise<readonly Verdict[]> {
    let judged = withReasons(verdicts, await asked)
    for (const refusal of refusals.slice(index + 1)) {
      const left = judged.filter(isCandidate)
      if (left.length > 0) judged = withReasons(judged, await refusal(left))
    }
    return judged
  }

  return {
    judge(items, schema, lane, caller) {
      const drafts = items.map((item) => draftOf(item, schema, lane, caller))
      const found = findProfiles(profiles, drafts)
      if (found instanceof Promise) return found.then((known) => refuse(examine(drafts, known)))
      return refuse(examine(drafts, found))
    },
  }
}

type Draft =
  | { readonly faults: readonly Fault[]; readonly remains: Remains | null }
  | (Omit<Candidate, 'profile'> & { readonly faults: readonly Fault[] })

function draftOf(
  { value, pointer }: SubmitItem,
  schema: z.ZodType<Submit & { lane?: Lane | undefined }>,
  lane: Lane,
  caller: Caller,
): Draft {
  const parsed = schema.safeParse(value)
  const ofCustomer = customerFaults(value, caller, pointer)
  if (!parsed.success) {
    const remains = ofCustomer.length > 0 ? null : remainsOf(value, parsed.error, caller, pointer)
    return { faults: [...bodyFaults(parsed.error, pointer), ...ofCustomer], remains }
  }
  const customerId = parsed.data.customer_id ?? caller.customerId
  // Without a customer there is nothing to check it by; that it is missing is the fault.
  if (customerId === null) return { faults: ofCustomer, remains: null }
  const { lane: own = lane, ...submit } = parsed.data
  return {
    submit: withCustomer(submit, customerId),
    lane: own,
    caller,
    pointer,
    faults: ofCustomer,
  }
}

/** In the order of the drafts; null where there is nothing to check by it. @throws only for the sake of a message without faults */
function findProfiles(
  profiles: Pick<CustomerProfiles, 'find'>,
  drafts: readonly Draft[],
): readonly (CustomerProfile | null)[] | Promise<readonly (CustomerProfile | null)[]> {
  const asked = new Map<number, CustomerProfile | Promise<CustomerProfile>>()
  let isWaiting = false
  const found = drafts.map((draft) => {
    const customerId =
      'submit' in draft ? draft.submit.customer_id : (draft.remains?.customerId ?? null)
    if (customerId === null) return null
    const known = asked.get(customerId) ?? profiles.find(customerId)
    asked.set(customerId, known)
    if (!(known instanceof Promise)) return known
    isWaiting = true
    return 'submit' in draft ? known : known.catch(() => null)
  })
  return isWaiting ? Promise.all(found) : (found as (CustomerProfile | null)[])
}

function withReasons(
  verdicts: readonly Verdict[],
  reasons: readonly (Failure | null)[],
): readonly Verdict[] {
  if (reasons.every((reason) => reason === null)) return verdicts
  let next = 0
  return verdicts.map((verdict) => (isCandidate(verdict) ? (reasons[next++] ?? verdict) : verdict))
}
