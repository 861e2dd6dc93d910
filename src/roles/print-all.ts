/** Listings of any length, step by step. */
import { printLine } from './admin-store.ts'

/**
 * @param next what comes after an item, at most `step` of it
 * @param header above them, unless they are JSON
 */
export async function printAll<T>(
  next: (after: T | undefined) => Promise<readonly T[]>,
  step: number,
  none: string,
  json: boolean,
  header: string,
  line: (item: T) => string,
): Promise<void> {
  let last: T | undefined
  for (;;) {
    const found = await next(last)
    if (last === undefined && !json) printLine(found.length === 0 ? none : header)
    for (const item of found) printLine(line(item))
    last = found.at(-1)
    if (found.length < step || last === undefined) return
  }
}
