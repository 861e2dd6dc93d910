/** What the ledgers of all identities prove together: a message that failed over is in several of them. */
import type { Identity } from './identity.ts'

/** References in one request to the control routes, at most. */
export const referencesPerRequestMax = 100_000
/** Duplicates listed in one answer; their number is always whole. */
export const duplicatesListedMax = 1_000

/** References looked at between two turns of the event loop. */
const walkStride = 10_000

export interface RepeatedReference {
  readonly reference: string
  readonly submits: number
  readonly taken: number
  readonly duplicates: number
  readonly idempotency_keys: readonly string[]
}

export interface Verification {
  readonly checked: number
  /** Never taken by any identity. */
  readonly missing: readonly string[]
  /** Submitted again after it was taken, or taken more than once, by whichever identities. */
  readonly repeated: readonly RepeatedReference[]
}

/** Looks every reference up in every ledger. */
export function verify(
  identities: readonly Identity[],
  references: readonly string[],
): Verification {
  const missing: string[] = []
  const repeated: RepeatedReference[] = []
  for (const reference of references) {
    const sum = sumOf(identities, reference)
    if (sum.taken === 0) missing.push(reference)
    else if (isRepeated(sum)) repeated.push(sum)
  }
  return { checked: references.length, missing, repeated }
}

/** When each reference first came to any identity, in milliseconds since the Unix epoch; null for never. */
export function arrivals(
  identities: readonly Identity[],
  references: readonly string[],
): Record<string, number | null> {
  const found: Record<string, number | null> = {}
  for (const reference of references) {
    let first: number | null = null
    for (const { ledger } of identities) {
      const arrivedMs = ledger.arrivedMs(reference)
      if (arrivedMs !== null && (first === null || arrivedMs < first)) first = arrivedMs
    }
    found[reference] = first
  }
  return found
}

/** Every repeated reference, counted whole and listed up to `duplicatesListedMax`. Lets submits through. */
export async function duplicates(
  identities: readonly Identity[],
): Promise<{ total: number; duplicates: readonly RepeatedReference[] }> {
  const listed: RepeatedReference[] = []
  let total = 0
  let walked = 0
  for (const [index, { ledger }] of identities.entries()) {
    const earlier = identities.slice(0, index)
    for (const reference of ledger.references()) {
      if (++walked % walkStride === 0) await Bun.sleep(0)
      if (earlier.some((identity) => identity.ledger.arrivedMs(reference) !== null)) continue
      const sum = sumOf(identities, reference)
      if (!isRepeated(sum)) continue
      total++
      if (listed.length < duplicatesListedMax) listed.push(sum)
    }
  }
  return { total, duplicates: listed }
}

function isRepeated(sum: RepeatedReference): boolean {
  return sum.taken > 1 || sum.duplicates > 0
}

function sumOf(identities: readonly Identity[], reference: string): RepeatedReference {
  let submits = 0
  let taken = 0
  let repeats = 0
  const keys = new Set<string>()
  for (const { ledger } of identities) {
    const record = ledger.find(reference)
    if (record === null) continue
    submits += record.submits
    taken += record.taken
    repeats += record.duplicates
    for (const key of record.idempotencyKeys) keys.add(key)
  }
  return { reference, submits, taken, duplicates: repeats, idempotency_keys: [...keys] }
}
