/**
 * A value that is read anew every so often, and never used when it is older than a limit. It is read when it is asked for: what
 * nobody wants costs nothing.
 */
import type { Clock } from './clock.ts'
import { createSharedCall } from './shared-call.ts'

export interface FreshValueOptions<T> {
  readonly read: () => Promise<T>
  /** A value older than this is read anew in the background, and used meanwhile. */
  readonly refreshMs: number
  /** One older than this, counted from the start of its reading, is waited for. */
  readonly ageMsMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export interface FreshValue<T> {
  /** At once, while it is known. @throws what reading threw, when there is no value of an age that may be used */
  get(): T | Promise<T>
}

export function createFreshValue<T>(options: FreshValueOptions<T>): FreshValue<T> {
  const { read, refreshMs, ageMsMax, clock } = options
  let known: { readonly value: T; readonly atMs: number } | undefined

  const refresh = createSharedCall(async () => {
    const atMs = clock.monotonicMs()
    const value = await read()
    known = { value, atMs }
    return value
  })

  return {
    get() {
      if (known === undefined) return refresh()
      const ageMs = clock.monotonicMs() - known.atMs
      if (ageMs > ageMsMax) return refresh()
      // A failure shows when the value is too old to be used.
      if (ageMs > refreshMs) refresh().catch(() => undefined)
      return known.value
    },
  }
}
