/** Asking the server, with the token that shows that it is this page that asks. */

/** What the server said against it, for whoever reads. */
export class Refusal extends Error {
  readonly status: number
  readonly faults: readonly string[]

  constructor(status: number, message: string, faults: readonly string[]) {
    super(message)
    this.status = status
    this.faults = faults
  }
}

let csrfToken = ''
let onSignedOut: () => void = () => undefined

/** @param signedOut called when the server does not know the session any more */
export function beginSession(token: string, signedOut: () => void): void {
  csrfToken = token
  onSignedOut = signedOut
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The answer's JSON. @throws Refusal */
export async function ask<T>(path: string, method: Method = 'GET', body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: {
      ...(method === 'GET' ? {} : { 'x-csrf-token': csrfToken }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new Refusal(0, `The server cannot be reached: ${String(error)}`, [])
  })
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as T
  if (response.status === 401) onSignedOut()
  throw refusalOf(response.status, answer)
}

/** Of the API, as whoever is signed in. */
export const api = <T>(path: string, method: Method = 'GET', body?: unknown): Promise<T> =>
  ask<T>(`/console/api/v1${path}`, method, body)

interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly {
    readonly pointer?: string
    readonly parameter?: string
    readonly detail: string
  }[]
}

function refusalOf(status: number, answer: unknown): Refusal {
  const problem = (answer ?? {}) as Problem
  const faults = (problem.errors ?? []).map(({ pointer, parameter, detail }) =>
    `${parameter ?? (pointer ?? '').replace(/^\//, '')} ${detail}`.trim(),
  )
  return new Refusal(
    status,
    problem.detail ?? problem.title ?? `The server answered ${status}.`,
    faults,
  )
}

/** What went wrong, in words. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return [error.message, ...error.faults].join(' – ')
  return error instanceof Error ? error.message : String(error)
}
