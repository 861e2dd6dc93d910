/** What the API answers, as tests look at it. */

/** The body of an answer, taken at its word: tests compare it. */
export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T
}

/** A problem's members that tests look at. */
export interface ProblemAnswer {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: { pointer?: string; parameter?: string; detail: string }[]
  readonly request_id?: string
}

/** Reads a problem and checks what all problems have in common. */
export async function problemOf(response: Response): Promise<ProblemAnswer> {
  const problem = (await response.json()) as ProblemAnswer
  const type = response.headers.get('content-type')
  if (type !== 'application/problem+json') throw new Error(`a problem of type ${type}`)
  if (problem.status !== response.status) throw new Error('the status is told in two ways')
  if (problem.request_id !== response.headers.get('x-request-id')) throw new Error('request_id')
  return problem
}

/** The pointers (or parameters) of all faults, sorted. */
export function faultPlaces(problem: Pick<ProblemAnswer, 'errors'>): string[] {
  return (problem.errors ?? []).map(({ pointer, parameter }) => pointer ?? parameter ?? '?').sort()
}
