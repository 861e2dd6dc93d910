/** What the mock operator saw of a run's messages. */
import { messageIdTimeMs } from '../src/domain/message-id.ts'

export interface Evidence {
  /** Never taken. */
  readonly missing: readonly string[]
  /** Taken or submitted more than once. */
  readonly repeated: readonly { readonly reference: string; readonly submits: number }[]
}

/** References asked about in one request; it takes twice as many. */
const chunkSize = 50_000

export async function evidenceOf(
  operatorUrl: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Evidence> {
  const missing: string[] = []
  const repeated: Evidence['repeated'][number][] = []
  for (const references of chunks(ids)) {
    const part = await ask<Evidence>(`${operatorUrl}/control/verify`, references, signal)
    missing.push(...part.missing)
    repeated.push(...part.repeated)
  }
  return { missing, repeated }
}

/** When each first arrived, in milliseconds since the Unix epoch; null for never. */
async function arrivalsOf(
  operatorUrl: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number | null>> {
  const found = new Map<string, number | null>()
  interface Answer {
    readonly arrivals: Readonly<Record<string, number | null>>
  }
  for (const references of chunks(ids)) {
    const { arrivals } = await ask<Answer>(`${operatorUrl}/control/arrivals`, references, signal)
    for (const [id, arrivedMs] of Object.entries(arrivals)) found.set(id, arrivedMs)
  }
  return found
}

/**
 * Milliseconds from acceptance to arrival, one an id, in order; infinite for one that never came. Both times must come from one
 * clock: private servers only.
 */
export async function delaysMs(
  operatorUrl: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const arrivals = await arrivalsOf(operatorUrl, ids, signal)
  return ids.map((id) => (arrivals.get(id) ?? Number.POSITIVE_INFINITY) - messageIdTimeMs(id))
}

function* chunks(ids: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += chunkSize) {
    yield ids.slice(start, start + chunkSize)
  }
}

async function ask<T>(url: string, references: readonly string[], signal: AbortSignal): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ references }),
    signal,
  })
  if (!response.ok) throw new Error(`${url} was answered ${response.status}`)
  return (await response.json()) as T
}
