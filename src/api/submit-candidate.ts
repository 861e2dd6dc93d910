/** A message on its way to being accepted, and what may be asked about it. */
import type { CustomerProfile } from '../domain/customer-settings.ts'
import type { Lane, MessageCharge, MessageTiming } from '../domain/message.ts'
import type { Caller } from './caller.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'
import type { Failure } from './store-failure.ts'

/** A valid message with its customer. What checks make of it is put into it. */
export interface OwnedSubmit extends Omit<Submit, 'customer_id'> {
  readonly customer_id: number
  timing?: MessageTiming
  charge?: MessageCharge
  /** Of the request's span, where it is traced. */
  traceparent?: string
}

/** A message that has no fault so far. Checks may put what they make of it into `submit`, which is this request's own. */
export interface Candidate {
  readonly submit: OwnedSubmit
  readonly lane: Lane
  readonly profile: CustomerProfile
  readonly caller: Caller
  /** JSON Pointer to it. */
  readonly pointer: string
  /** Put here when it was counted against its customer's limits. */
  counted?: Counted
}

export interface Counted {
  /** Of the answer: what the limits are, and what is left of them. */
  readonly headers: Readonly<Record<string, string>>
  /** Call it at most once, when the message is not accepted by this request. */
  giveBack(): void
}

/** Of those that are not accepted by this request: they do not count against limits. */
export function giveBack(candidates: readonly Candidate[]): void {
  for (const { counted } of candidates) counted?.giveBack()
}

/** What of a message says where it goes and who it is from; also of one whose other fields are at fault. */
export interface Addressed {
  readonly submit: { phone?: string | undefined; sender_id?: string | undefined }
  readonly profile: CustomerProfile
  /** JSON Pointer to the message. */
  readonly pointer: string
}

/** Puts both into `submit` as they are sent, and adds what is wrong with them. */
export type AddressCheck = (addressed: Addressed, faults: Fault[]) => void

/** Adds what is wrong with it. */
export type SubmitCheck = (candidate: Candidate, faults: Fault[]) => void

/**
 * Why each of them may not be accepted now; null where it may, for all it knows. They are asked in order, the later ones about what is
 * left. At once, when nothing has to be read. @throws what `storeFailure` explains
 */
export type SubmitRefusal = (
  candidates: readonly Candidate[],
) => readonly (Failure | null)[] | Promise<readonly (Failure | null)[]>
