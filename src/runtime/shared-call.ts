/** Work that anybody may ask for at any rate: done once at a time, for all who ask meanwhile. */

/**
 * The answer of the call under way, or of one that ended less than `keptMs` ago, or else of a new one.
 * A call that fails is kept like any other.
 */
export function createSharedCall<T>(work: () => Promise<T>, keptMs: number): () => Promise<T> {
  let latest: Promise<T> | undefined

  return () => {
    if (latest !== undefined) return latest
    const call = work()
    latest = call
    const forget = (): void => {
      setTimeout(() => {
        if (latest === call) latest = undefined
      }, keptMs).unref()
    }
    call.then(forget, forget)
    return call
  }
}
