/** What listings have in common: their parameters as they were given, and their problems. */
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

/** What few have in common is found by looking at all of them. */
export const searchTooLong: Problem = passingProblem(
  'unavailable',
  'The search took too long: narrow it with from and to.',
  1,
)
