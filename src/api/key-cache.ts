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

/** Keys remembered, those too that there are not; the one that came first is forgotten first. */
const keysMax = 10_000

const batchMax = 1_000
/** Requests that wait for their key; more are refused. */
const pendingMax = 20_000

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

  return {
    find(prefix) {
      let value = known.get(prefix)
      if (value === undefined) {
        value = createFreshValue({ ...ages, read: () => finder.add(prefix) })
        const [first = prefix] = known.keys()
        if (known.size >= keysMax) known.delete(first)
        known.set(prefix, value)
      }
      return value.get()
    },
    areInUse: () => inUse.get(),
    close: () => finder.close(),
  }
}
