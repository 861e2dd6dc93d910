/** Values of options of the command line. */
import { InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { customerIdOf } from '../api/customer-schemas.ts'
import { bodyFaults } from '../api/faults.ts'
import { StartRefused } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export function positive(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new InvalidArgumentError('must be a whole number above 0')
  return Number(value)
}

/** A text that a schema checks. */
export function checkedBy(schema: z.ZodType<string>): (value: string) => string {
  return (value) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'is not allowed')
  }
}

/**
 * The faults of a body that options make up, in the words of the options.
 *
 * @param names options whose name is not their field's
 */
export function optionFaults(
  error: z.ZodError,
  names: Readonly<Record<string, string>> = {},
): StartRefused {
  const lines = bodyFaults(error).map((fault) => {
    const field = 'pointer' in fault ? (fault.pointer.split('/')[1] ?? '') : ''
    return `--${names[field] ?? field.replaceAll('_', '-')} ${fault.detail}`
  })
  return new StartRefused(exitCodes.configuration, lines.join('\n'))
}

/** The faults of JSON that is given whole: where, and what. */
export function jsonFaults(error: z.ZodError, name: string): StartRefused {
  const lines = bodyFaults(error).map((fault) => {
    const place = 'pointer' in fault ? fault.pointer : ''
    return `${name}${place.replaceAll('~1', '/').replaceAll('~0', '~')} ${fault.detail}`
  })
  return new StartRefused(exitCodes.configuration, lines.join('\n'))
}

export function customerIdArgument(value: string): number {
  const id = customerIdOf(value)
  if (id !== null) return id
  throw new InvalidArgumentError('must be a customer id, a whole number above 0')
}

export function httpUrl(value: string): string {
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? '')) return value
  throw new InvalidArgumentError('must be an address with http:// or https://')
}
