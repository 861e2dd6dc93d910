/** `sms-gateway dlq list|show` */
import { decodeDeadLetterCursor, encodeDeadLetterCursor } from '../api/cursor.ts'
import { toDetailsBody, toLetterBody } from '../api/dead-letter-routes.ts'
import { deadLetterFilterSchema, toDeadLetterFilter } from '../api/dead-letter-schemas.ts'
import { bodyFaults } from '../api/faults.ts'
import type { Environment } from '../config/config.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { DeadLetter, DeadLetterFilter } from '../store/dead-letters.ts'
import { printLine, withStore } from './admin-store.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

/** As given; `--error-code` is `errorCode`. */
export interface FilterOptions {
  readonly lane?: string
  readonly provider?: string
  readonly errorCode?: string
  readonly from?: string
  readonly to?: string
}

export interface DeadLetterListOptions extends FilterOptions {
  readonly limit: number
  readonly cursor?: string
  readonly replayed: boolean
  readonly json: boolean
}

/** @throws StartRefused naming every fault */
export function deadLetterFilter(options: FilterOptions): DeadLetterFilter {
  const { lane, provider, errorCode: error_code, from, to } = options
  const parsed = deadLetterFilterSchema.safeParse({ lane, provider, error_code, from, to })
  if (parsed.success) return toDeadLetterFilter(parsed.data)
  const faults = bodyFaults(parsed.error).map((fault) => {
    const field = 'pointer' in fault ? fault.pointer.slice(1) : ''
    return `--${field.replaceAll('_', '-')} ${fault.detail}`
  })
  throw new StartRefused(exitCodes.configuration, faults.join('\n'))
}

/** Letters read in one statement. */
const listStep = 1_000

/** A line each, the newest first; on stderr, how to go on when there are more. */
export function runDeadLetterList(
  environment: Environment,
  options: DeadLetterListOptions,
): Promise<number> {
  const filter = deadLetterFilter(options)
  const first = options.cursor === undefined ? null : decodeDeadLetterCursor(options.cursor)
  if (options.cursor !== undefined && first === null) {
    throw new StartRefused(exitCodes.configuration, '--cursor is not a cursor of a listing')
  }
  const line = options.json ? jsonLine : textLine
  return withStore(environment, async (store) => {
    let position = first
    let left = options.limit
    for (;;) {
      const count = Math.min(left, listStep)
      const found = await store.listDeadLetters(filter, options.replayed, position, count + 1)
      for (const letter of found.slice(0, count)) printLine(line(letter))
      const shown = Math.min(found.length, count)
      position = found[shown - 1]?.position ?? position
      left -= shown
      if (left === options.limit && !options.json) printLine('no dead letters')
      if (found.length <= count) return exitCodes.ok
      if (left === 0) break
    }
    if (position !== null) say(`there are more: --cursor ${encodeDeadLetterCursor(position)}`)
    return exitCodes.ok
  })
}

function jsonLine(letter: DeadLetter): string {
  return JSON.stringify(toLetterBody(letter))
}

function textLine(letter: DeadLetter): string {
  const { messageId, lane, attempts, provider, errorCode, deadAt, replayedAt } = letter
  const replayed = replayedAt === null ? '' : `  replayed ${replayedAt.toISOString()}`
  return `${messageId}  ${deadAt.toISOString()}  ${lane}  ${attempts} attempts  ${provider ?? '-'}  ${errorCode}${replayed}`
}

export function runDeadLetterShow(environment: Environment, given: string): Promise<number> {
  const id = given.toLowerCase()
  return withStore(environment, async (store) => {
    const letter = isMessageId(id) ? await store.getDeadLetter(id) : null
    if (letter === null) {
      say(`no dead letter ${given}`)
      return exitCodes.failure
    }
    printLine(JSON.stringify(toDetailsBody(letter), null, 2))
    return exitCodes.ok
  })
}
