/** `sms-gateway dlq list|show` */
import { decodeDeadLetterCursor, encodeDeadLetterCursor } from '../api/cursor.ts'
import { toDetailsBody, toLetterBody } from '../api/dead-letter-routes.ts'
import { deadLetterFilterSchema, toDeadLetterFilter } from '../api/dead-letter-schemas.ts'
import type { Environment } from '../config/config.ts'
import type { MessageId } from '../domain/message.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { DeadLetter, DeadLetterFilter } from '../store/dead-letters.ts'
import { printLine, withStore } from './admin-store.ts'
import { optionFaults } from './option-parsers.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

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
  throw optionFaults(parsed.error)
}

/** UUIDs are taken in either case (RFC 9562 §4). @throws StartRefused naming those that cannot be ids of messages */
export function messageIds(given: readonly string[]): MessageId[] {
  const ids = given.map((id) => id.toLowerCase())
  const strange = ids.filter((id) => !isMessageId(id))
  if (strange.length > 0) {
    throw new StartRefused(exitCodes.configuration, `not a message id: ${strange.join(', ')}`)
  }
  return [...new Set(ids)]
}

/** Letters read in one statement. */
const listStep = 1_000

const table = createTable([
  ['MESSAGE', 36],
  ['DIED', timeWidth],
  ['LANE', 7],
  ['ATTEMPTS', 8],
  ['PROVIDER', 16],
  ['LAST ERROR', 0],
])

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
      if (left === options.limit && found.length > 0 && !options.json) printLine(table.header)
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
  const died = deadAt.toISOString()
  const error = `${errorCode}${replayed}`
  return table.line([messageId, died, lane, String(attempts), provider ?? '-', error])
}

/** @throws StartRefused when it cannot be the id of a message */
export function runDeadLetterShow(environment: Environment, given: string): Promise<number> {
  const [id] = messageIds([given])
  return withStore(environment, async (store) => {
    const letter = id === undefined ? null : await store.getDeadLetter(id)
    if (letter === null) {
      say(`no dead letter ${given}`)
      return exitCodes.failure
    }
    printLine(JSON.stringify(toDetailsBody(letter), null, 2))
    return exitCodes.ok
  })
}
