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

/** Every reading takes longer than a value may be old. */
export class StaleValueError extends Error {
  override readonly name = 'StaleValueError'
}

export interface FreshValue<T> {
  /** At once, while it is known. @throws what reading threw, or `StaleValueError`, when there is no value of an age that may be used */
  get(): T | Promise<T>
}

/** How often a value is read that is too old when it comes. */
const readsMax = 3

export function createFreshValue<T>(options: FreshValueOptions<T>): FreshValue<T> {
  const { read, refreshMs, ageMsMax, clock } = options
  let known: { readonly value: T; readonly atMs: number } | undefined

  const refresh = createSharedCall(async () => {
    const atMs = clock.monotonicMs()
    known = { value: await read(), atMs }
    return known
  })

  /** A reading that was under way already may have begun too long ago. */
  async function waited(): Promise<T> {
    for (let reads = 1; reads <= readsMax; reads++) {
      const { value, atMs } = await refresh()
      if (clock.monotonicMs() - atMs <= ageMsMax) return value
    }
    throw new StaleValueError('what is read is too old when it comes')
  }

  return {
    get() {
      if (known === undefined) return waited()
      const ageMs = clock.monotonicMs() - known.atMs
      if (ageMs > ageMsMax) return waited()
      // A failure shows when the value is too old to be used.
      if (ageMs > refreshMs) refresh().catch(() => undefined)
      return known.value
    },
  }
}
