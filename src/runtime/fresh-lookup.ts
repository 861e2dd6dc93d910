/**
 * Things that are looked up by a key, as they were a few seconds ago at most: what is in use costs no reading, and what is changed
 * anywhere is known everywhere within `ageMsMax`.
 */
import { createBatcher } from './batcher.ts'
import type { Clock } from './clock.ts'
import { createFreshValue, type FreshValue } from './fresh-value.ts'

export interface FreshLookupOptions<K, V> {
  /** For errors. */
  readonly name: string
  /** Those there are; many keys are read at once. */
  readonly read: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>
  /** Whether it is remembered of a key that there is nothing. Not where anybody may guess keys. */
  readonly missesToo: boolean
  /** Keys remembered. */
  readonly keysMax: number
  /** As of `createFreshValue`. */
  readonly refreshMs: number
  readonly ageMsMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export interface FreshLookup<K, V> {
  /** Null when there is nothing. At once when it is known. @throws as `FreshValue` does */
  find(key: K): V | null | Promise<V | null>
  close(): Promise<void>
}

const batchMax = 1_000
/** Requests that wait for a reading: as many as may be in work. */
const pendingMax = 5_000

export function createFreshLookup<K, V>(options: FreshLookupOptions<K, V>): FreshLookup<K, V> {
  const { name, read, missesToo, keysMax, refreshMs, ageMsMax, clock } = options
  const known = new Map<K, FreshValue<V | null>>()
  const finder = createBatcher<K, V | null>({
    name,
    batchMax,
    pendingMax,
    flightsMax: 1,
    lingerMs: 0,
    async run(keys) {
      const found = await read([...new Set(keys)])
      return keys.map((key) => found.get(key) ?? null)
    },
  })

  function remember(key: K, value: FreshValue<V | null>): void {
    if (known.has(key)) return
    const [first = key] = known.keys()
    if (known.size >= keysMax) known.delete(first)
    known.set(key, value)
  }

  return {
    find(key) {
      const value = known.get(key)
      if (value !== undefined) {
        // The one that is not used for longest is forgotten first.
        if (known.size > keysMax / 2) {
          known.delete(key)
          known.set(key, value)
        }
        return value.get()
      }
      const found = createFreshValue({ read: () => finder.add(key), refreshMs, ageMsMax, clock })
      const first = Promise.resolve(found.get())
      first.then(
        (answer) => {
          if (answer !== null || missesToo) remember(key, found)
        },
        () => undefined,
      )
      return first
    },
    close: () => finder.close(),
  }
}
