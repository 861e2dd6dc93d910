/**
 * The API keys that are in use, as they were a few seconds ago at most: what is revoked anywhere is refused everywhere within
 * `keyAgeMsMax`, and a request costs no statement.
 */
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFreshValue, type FreshValue } from '../runtime/fresh-value.ts'
import type { KnownKey } from '../store/customers.ts'
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

const batchMax = 1_000
/** Requests that wait for their key: as many as may be in work. */
const pendingMax = 5_000

export function createKeyCache(
  store: Pick<Store, 'findApiKeys' | 'hasApiKeys'>,
  clock: Clock,
): KeyCache {
  const known = new Map<string, FreshValue<KnownKey | null>>()
  const finder = createBatcher<string, KnownKey | null>({
    name: 'API keys',
    batchMax,
    pendingMax,
    flightsMax: 1,
    lingerMs: 0,
    async run(prefixes) {
      const found = await store.findApiKeys([...new Set(prefixes)])
      return prefixes.map((prefix) => found.get(prefix) ?? null)
    },
  })
  const ages = { refreshMs, ageMsMax: keyAgeMsMax, clock }
  const inUse = createFreshValue({ ...ages, read: () => store.hasApiKeys() })

  let everInUse = false

  function remember(prefix: string, value: FreshValue<KnownKey | null>): void {
    if (known.has(prefix)) return
    const [first = prefix] = known.keys()
    if (known.size >= keysMax) known.delete(first)
    known.set(prefix, value)
  }

  return {
    find(prefix) {
      const value = known.get(prefix)
      if (value !== undefined) {
        // The one that is not used for longest is forgotten first.
        if (known.size > keysMax / 2) {
          known.delete(prefix)
          known.set(prefix, value)
        }
        return value.get()
      }
      const found = createFreshValue({ ...ages, read: () => finder.add(prefix) })
      const first = Promise.resolve(found.get())
      // Whoever guesses keys must not push out those that there are.
      first.then(
        (key) => {
          if (key !== null) remember(prefix, found)
        },
        () => undefined,
      )
      return first
    },
    areInUse() {
      if (everInUse) return true
      const answer = inUse.get()
      if (answer === true) everInUse = true
      return answer
    },
    close: () => finder.close(),
  }
}
