/** What can be checked of a body that its schema refuses. */
import type { z } from 'zod'
import type { Caller } from './caller.ts'
import type { Addressed } from './submit-candidate.ts'

export interface Remains extends Omit<Addressed, 'profile'> {
  readonly customerId: number
}

/** Null when it is not known whose it is. Only fields that the schema finds nothing wrong with are taken. */
export function remainsOf(
  value: unknown,
  { issues }: z.ZodError,
  caller: Caller,
  pointer: string,
): Remains | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as { phone?: unknown; sender_id?: unknown; customer_id?: unknown }
  const isAtFault = (field: string) => issues.some(({ path }) => path[0] === field)
  const textOf = (field: 'phone' | 'sender_id') => {
    const text = given[field]
    return typeof text === 'string' && !isAtFault(field) ? text : undefined
  }
  const named = isAtFault('customer_id') ? undefined : given.customer_id
  const customerId = typeof named === 'number' ? named : caller.customerId
  if (customerId === null) return null
  return { submit: { phone: textOf('phone'), sender_id: textOf('sender_id') }, customerId, pointer }
}
