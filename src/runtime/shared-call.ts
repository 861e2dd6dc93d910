/** Work that anybody may ask for at any rate: under way once at a time, for all who ask meanwhile. */

/** The answer of the call under way, or of a new one. */
export function createSharedCall<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined

  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
