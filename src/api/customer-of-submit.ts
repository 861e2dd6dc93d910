/** Whose a submitted message is: the customer of the API key, or the one that staff names. */
import type { MessageTiming } from '../domain/message.ts'
import type { Caller } from './caller.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'

/** A valid message with its customer. */
export interface OwnedSubmit extends Omit<Submit, 'customer_id'> {
  readonly customer_id: number
  readonly timing?: MessageTiming
}

/**
 * What is wrong with the `customer_id` of a body that may be anything; what the schema says of it is not said again.
 *
 * @param base pointer to the message
 */
export function customerFaults(body: unknown, { customerId }: Caller, base = ''): Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const given = 'customer_id' in body ? body.customer_id : undefined
  const pointer = `${base}/customer_id`
  if (given === undefined) {
    return customerId === null ? [{ pointer, detail: 'is required' }] : []
  }
  if (customerId === null || given === customerId || typeof given !== 'number') return []
  return [{ pointer, detail: `must be ${customerId}, the customer of the API key` }]
}

/** Of a body without faults. */
export function withCustomer(
  submit: Submit,
  { customerId }: Caller,
  timing: MessageTiming | undefined,
): OwnedSubmit {
  const customer_id = submit.customer_id ?? customerId
  if (customer_id === null) throw new Error('a message without a customer has a fault')
  // The schema's result is this request's own.
  return Object.assign(submit, timing === undefined ? { customer_id } : { customer_id, timing })
}
