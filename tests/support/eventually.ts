/** Waiting in tests: poll until true, with a deadline that names what was awaited. */

export interface EventuallyOptions {
  /** Appears in the failure. */
  readonly what: string
  readonly timeoutMs?: number
  readonly intervalMs?: number
}

/**
 * Calls `check` until it answers something other than `undefined`, `null` or `false`, and returns that.
 * @throws when the deadline passes; the cause is what `check` last threw, if it did
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { what, timeoutMs = 15_000, intervalMs = 20 }: EventuallyOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs
  let lastError: unknown
  for (;;) {
    try {
      const value = await check()
      if (value !== undefined && value !== null && value !== false) {
        return value as NonNullable<Exclude<T, false>>
      }
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: lastError })
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}
