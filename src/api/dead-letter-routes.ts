/** Looking at dead letters, sending them again, and forgetting them. For administrators. */
import type { Act, Actor } from '../domain/audit.ts'
import type { MessageId } from '../domain/message.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { Logger } from '../runtime/logger.ts'
import type { DeadLetter, DeadLetterDetails } from '../store/dead-letters.ts'
import type { Store } from '../store/store.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { decodeDeadLetterCursor, encodeDeadLetterCursor } from './cursor.ts'
import {
  type DeadLetterBody,
  type DeadLetterListBody,
  deadLetterParametersSchema,
  deadLetterSelectionSchema,
  deadLettersPerRequestMax,
  toDeadLetterFilter,
} from './dead-letter-schemas.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { listingParameters, pageOf, searchTooLong } from './listing.ts'
import type { Problem } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface DeadLetterRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  readonly store: Pick<Store, 'listDeadLetters' | 'getDeadLetter' | 'recorded'>
  readonly readJson: ReadJson
  readonly metrics: Pick<ApiMetrics, 'deadLettersReplayed' | 'deadLettersPurged'>
  readonly logger: Logger
  /** How long a replayed message may wait to be sent. */
  readonly validityMs: number
  /** Messages older than this are not replayed. */
  readonly replayAgeMsMax: number
}

export const deadLettersPath = '/api/v1/dead-letters'

/** Longest body that selects letters: the most ids in one request, and some room. */
const selectionBytesMax = 65_536

export function deadLetterRoutes(options: DeadLetterRoutesOptions): Route[] {
  const { store, readJson, metrics, logger, validityMs, replayAgeMsMax } = options

  async function list({ request }: Exchange): Promise<Response | Problem> {
    const listing = listingParameters(queryOf(request.url), deadLetterParametersSchema)
    if ('kind' in listing) return listing
    const { replayed, limit, cursor, ...filter } = listing.parameters
    const position = cursor === undefined ? null : decodeDeadLetterCursor(cursor)
    const { shown, last } = await pageOf(limit, (count) =>
      store.listDeadLetters(toDeadLetterFilter(filter), replayed === 'true', position, count),
    )
    return jsonResponse({
      dead_letters: shown.map(toLetterBody),
      next_cursor: last === undefined ? null : encodeDeadLetterCursor(last.position),
    } satisfies DeadLetterListBody)
  }

  async function show({ param }: Exchange): Promise<Response | Problem> {
    const id = param('id').toLowerCase()
    const letter = isMessageId(id) ? await store.getDeadLetter(id) : null
    return letter === null ? letterNotFound : jsonResponse(toDetailsBody(letter))
  }

  async function replay(exchange: Exchange, by: Actor): Promise<Response | Problem> {
    const selected = await select(exchange)
    if ('kind' in selected) return selected
    const { ids, more } = selected
    const replayed =
      ids.length === 0
        ? []
        : await store.recorded(
            by,
            (changes) => changes.replayDeadLetters(ids, validityMs, replayAgeMsMax),
            letterActs.replayed,
          )
    metrics.deadLettersReplayed.inc(replayed.length)
    logger.info({
      event: 'dead_letters.replayed',
      request_id: exchange.requestId,
      count: replayed.length,
    })
    return jsonResponse({ replayed, more })
  }

  async function purge(exchange: Exchange, by: Actor): Promise<Response | Problem> {
    const selected = await select(exchange)
    if ('kind' in selected) return selected
    const { ids, more } = selected
    const purged =
      ids.length === 0
        ? []
        : await store.recorded(by, (changes) => changes.purgeDeadLetters(ids), letterActs.purged)
    metrics.deadLettersPurged.inc(purged.length)
    // The last trace of the letters.
    logger.warn({
      event: 'dead_letters.purged',
      request_id: exchange.requestId,
      count: purged.length,
      message_ids: purged,
    })
    return jsonResponse({ purged, more })
  }

  /** The letters that a body names, or the newest of those that its filter finds. */
  async function select({
    request,
  }: Exchange): Promise<{ readonly ids: readonly MessageId[]; readonly more: boolean } | Problem> {
    const body = await readJson(request, { bytesMax: selectionBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = deadLetterSelectionSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { ids, filter } = parsed.data
    if (ids !== undefined) return { ids: ids.map((id) => id.toLowerCase()), more: false }
    const found = await store.listDeadLetters(
      toDeadLetterFilter(filter ?? {}),
      false,
      null,
      deadLettersPerRequestMax + 1,
    )
    return {
      ids: found.slice(0, deadLettersPerRequestMax).map(({ messageId }) => messageId),
      more: found.length > deadLettersPerRequestMax,
    }
  }

  const admins = { ...options, tooLong: searchTooLong }
  return [
    { method: 'GET', path: deadLettersPath, handle: forAdmins(admins, list) },
    { method: 'POST', path: `${deadLettersPath}/replay`, handle: forAdmins(admins, replay) },
    { method: 'POST', path: `${deadLettersPath}/purge`, handle: forAdmins(admins, purge) },
    { method: 'GET', path: `${deadLettersPath}/:id`, handle: forAdmins(admins, show) },
  ]
}

/** For the audit log. Nothing was done when no letter waited. */
const letterAct =
  (action: Act['action']) =>
  (ids: readonly MessageId[]): Act | null =>
    ids.length === 0
      ? null
      : { action, target: 'dead letters', detail: { count: ids.length, message_ids: ids } }

export const letterActs = {
  replayed: letterAct('dead_letters.replayed'),
  purged: letterAct('dead_letters.purged'),
}

const letterNotFound: Problem = {
  kind: 'dead-letter-not-found',
  detail:
    'No dead letter has this message id: it was purged, its message was redacted, or the message is none.',
}

export function toLetterBody(letter: DeadLetter): DeadLetterListBody['dead_letters'][number] {
  return {
    message_id: letter.messageId,
    lane: letter.lane,
    attempts: letter.attempts,
    provider: letter.provider,
    error_code: letter.errorCode,
    detail: letter.detail,
    dead_at: letter.deadAt.toISOString(),
    replayed_at: letter.replayedAt?.toISOString() ?? null,
  }
}

export function toDetailsBody(letter: DeadLetterDetails): DeadLetterBody {
  const failures = letter.failures.map((failure) => ({ ...failure }))
  return { ...toLetterBody(letter), status: letter.status, failures }
}
