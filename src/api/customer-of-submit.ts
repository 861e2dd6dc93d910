/** Whose a submitted message is: the customer of the API key, or the one that staff names. */
import type { Caller } from './caller.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'
import type { OwnedSubmit, SubmitCheck } from './submit-candidate.ts'

/**
 * What is wrong with the `customer_id` of a body that may be anything; what the schema says of it is not said again.
 *
 * @param base pointer to the message
 */
export function customerFaults(body: unknown, caller: Caller, base = ''): Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const isMissing = !('customer_id' in body) || body.customer_id === undefined
  if (!isMissing || caller.customerId !== null) return namedCustomerFaults(body, caller, base)
  return [{ pointer: `${base}/customer_id`, detail: 'is required' }]
}

/** The same, where it need not name one. */
export function namedCustomerFaults(body: unknown, { customerId }: Caller, base = ''): Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const given = 'customer_id' in body ? body.customer_id : undefined
  const pointer = `${base}/customer_id`
  if (given === undefined) return []
  if (customerId === null || given === customerId || typeof given !== 'number') return []
  return [{ pointer, detail: `must be ${customerId}, the customer of the API key` }]
}

/** The schema's result, which is this request's own, with its customer. */
export function withCustomer(submit: Submit, customer_id: number): OwnedSubmit {
  return Object.assign(submit, { customer_id })
}

/** Who has a key names a customer that there is; without keys there need be none. */
export const customerCheck: SubmitCheck = ({ profile, caller, pointer }, faults) => {
  // Who has a customer's key has a customer, also when that was made a moment ago.
  if (profile.isKnown || caller.customerId !== null || caller.isKeyless === true) return
  faults.push({ pointer: `${pointer}/customer_id`, detail: 'must be a customer that there is' })
}
