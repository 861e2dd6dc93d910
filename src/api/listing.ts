/** What listings have in common: their parameters as they were given, and their problems. */
import type { z } from 'zod'
import { invalidRequest, parameterFaults } from './faults.ts'
import { listLimitDefault } from './message-schemas.ts'
import { type Fault, type Problem, passingProblem } from './problems.ts'

/** Each parameter once, decoded; giving one twice is a fault. */
export function givenParameters(query: string): {
  readonly given: Map<string, string>
  readonly faults: Fault[]
} {
  const given = new Map<string, string>()
  const faults: Fault[] = []
  for (const [parameter, value] of new URLSearchParams(query)) {
    if (given.has(parameter)) faults.push({ parameter, detail: 'is given twice' })
    given.set(parameter, value)
  }
  return { given, faults }
}

/** The parameters as a schema has them, or the problem with every fault. */
export function listingParameters<T>(
  query: string,
  schema: z.ZodType<T>,
): { readonly parameters: T } | Problem {
  const { given, faults } = givenParameters(query)
  const parsed = schema.safeParse(Object.fromEntries(given))
  if (!parsed.success) faults.push(...parameterFaults(parsed.error))
  if (faults.length > 0 || !parsed.success) return invalidRequest(faults)
  return { parameters: parsed.data }
}

/**
 * A page of what `find` answers, and its last item when there is another page: one more than is shown tells.
 *
 * @param limitText the parameter, already checked
 */
export async function pageOf<T>(
  limitText: string | undefined,
  find: (limit: number) => Promise<readonly T[]>,
): Promise<{ readonly shown: readonly T[]; readonly last: T | undefined }> {
  const limit = limitText === undefined ? listLimitDefault : Number(limitText)
  const found = await find(limit + 1)
  const shown = found.slice(0, limit)
  return { shown, last: found.length > limit ? shown.at(-1) : undefined }
}

/** What few have in common is found by looking at all of them. */
export const searchTooLong: Problem = passingProblem(
  'unavailable',
  'The search took too long: narrow it with from and to.',
  1,
)
