/** From a schema's findings to the faults of a problem. */
import type { z } from 'zod'
import type { Fault, Problem } from './problems.ts'

/** Faults listed in one answer; a body can hold more unknown fields than anybody reads. */
export const faultsListedMax = 10_000

/** Escapes one step of a JSON Pointer (RFC 6901 §3). */
export function pointerStep(step: PropertyKey): string {
  return `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/**
 * Every finding once, in the order of the schema.
 *
 * @param base pointer to the value that was checked
 */
export function bodyFaults(
  error: z.ZodError,
  base = '',
  countMax: number = faultsListedMax,
): readonly Fault[] {
  const seen = new Set<string>()
  const faults: Fault[] = []
  function add(pointer: string, detail: string): void {
    const key = `${pointer} ${detail}`
    if (seen.has(key) || faults.length >= countMax) return
    seen.add(key)
    faults.push({ pointer, detail })
  }
  for (const issue of error.issues) {
    const pointer = base + issue.path.map(pointerStep).join('')
    if (issue.code !== 'unrecognized_keys') add(pointer, issue.message)
    else for (const key of issue.keys) add(pointer + pointerStep(key), 'is not a known field')
  }
  return faults
}

/** The same for query parameters, which have names instead of pointers. */
export function parameterFaults(error: z.ZodError): readonly Fault[] {
  return bodyFaults(error).map((fault) => {
    const pointer = 'pointer' in fault ? fault.pointer : ''
    const parameter = pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
    const known = fault.detail !== 'is not a known field'
    return { parameter, detail: known ? fault.detail : 'is not a known parameter' }
  })
}

export function invalidRequest(errors: readonly Fault[]): Problem {
  const count = errors.length === 1 ? 'one fault' : `${errors.length} faults`
  const more = errors.length >= faultsListedMax ? ' or more' : ''
  return {
    kind: 'invalid-request',
    detail: `The request has ${count}${more}; errors lists them.`,
    errors,
  }
}
