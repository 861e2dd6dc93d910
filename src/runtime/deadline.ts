/** A time limit with a name, so that what hangs is known. */

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** The work's result, or a `DeadlineError` naming it when it takes longer than `timeoutMs`. The work itself goes on. */
export async function withDeadline<T>(
  name: string,
  timeoutMs: number,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`${name} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
