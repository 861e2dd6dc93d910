/**
 * The API keys that are in use, as they were a few seconds ago at most: what is revoked anywhere is refused everywhere within
 * `keyAgeMsMax`, and a request costs no statement.
 */
import type { Clock } from '../runtime/clock.ts'
import { createFreshLookup } from '../runtime/fresh-lookup.ts'
import { createFreshValue } from '../runtime/fresh-value.ts'
import type { KnownKey } from '../store/api-keys.ts'
import type { Store } from '../store/store.ts'

export interface KeyCache {
  /** Null when there is no such key. At once when it is known. */
  find(prefix: string): KnownKey | null | Promise<KnownKey | null>
  /** Whether there has ever been a key. */
  areInUse(): boolean | Promise<boolean>
  close(): Promise<void>
}

/** A key that is older is read before it is used. */
export const keyAgeMsMax = 4_000
const refreshMs = 1_500

/** Keys remembered, of those that there are. */
const keysMax = 10_000

export function createKeyCache(
  store: Pick<Store, 'findApiKeys' | 'hasApiKeys'>,
  clock: Clock,
): KeyCache {
  const ages = { refreshMs, ageMsMax: keyAgeMsMax, clock }
  const known = createFreshLookup<string, KnownKey>({
    name: 'API keys',
    read: (prefixes) => store.findApiKeys(prefixes),
    // Whoever guesses keys must not push out those that there are.
    missesToo: false,
    keysMax,
    ...ages,
  })
  const inUse = createFreshValue({ ...ages, read: () => store.hasApiKeys() })

  let everInUse = false

  return {
    find: known.find,
    areInUse() {
      if (everInUse) return true
      const answer = inUse.get()
      if (answer === true) everInUse = true
      return answer
    },
    close: () => known.close(),
  }
}
