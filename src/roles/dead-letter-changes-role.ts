/** `sms-gateway dlq replay|purge` */
import { letterActs } from '../api/dead-letter-routes.ts'
import type { Environment } from '../config/config.ts'
import type { MessageId } from '../domain/message.ts'
import { systemClock } from '../runtime/clock.ts'
import { pause } from '../runtime/notifier.ts'
import type { DeadLetterFilter, DeadLetterPosition } from '../store/dead-letters.ts'
import type { Store } from '../store/store.ts'
import { printLine, withStore } from './admin-store.ts'
import { commandActor } from './command-actor.ts'
import { deadLetterFilter, type FilterOptions, messageIds } from './dead-letters-role.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface SelectionOptions extends FilterOptions {
  readonly ids: readonly string[]
  readonly all: boolean
}

/** In steps, so that of very many each is committed soon, and the command can be broken off and begun again. */
const stepMax = 500

/** Told how many letters the last step took, resolves when the next may begin, with how many it may take. */
type Pace = (taken: number) => Promise<number>

export function runDeadLetterReplay(
  environment: Environment,
  options: SelectionOptions & { readonly rate?: number },
): Promise<number> {
  const selection = selectionOf(options)
  return withStore(environment, (store, config) => {
    const { messageValidityMs } = config.accept
    const { replayAgeMsMax } = config.processing
    return changeAll(store, selection, 'replayed', paceOf(options.rate), (ids) =>
      store.recorded(
        commandActor(),
        (changes) => changes.replayDeadLetters(ids, messageValidityMs, replayAgeMsMax),
        letterActs.replayed,
      ),
    )
  })
}

export function runDeadLetterPurge(
  environment: Environment,
  options: SelectionOptions & { readonly yes: boolean },
): Promise<number> {
  const selection = selectionOf(options)
  if (!options.yes) {
    throw new StartRefused(exitCodes.configuration, 'what is purged does not come back: give --yes')
  }
  return withStore(environment, (store, _config, logger) =>
    changeAll(store, selection, 'purged', paceOf(undefined), async (ids) => {
      const purged = await store.recorded(
        commandActor(),
        (changes) => changes.purgeDeadLetters(ids),
        letterActs.purged,
      )
      // The last trace of the letters.
      logger.warn({ event: 'dead_letters.purged', count: purged.length, message_ids: purged })
      return purged
    }),
  )
}

type Selection = { readonly ids: readonly MessageId[] } | { readonly filter: DeadLetterFilter }

/** @throws StartRefused when it is not one of ids, filters and everything, or when they have faults */
function selectionOf(options: SelectionOptions): Selection {
  const { all } = options
  const ids = messageIds(options.ids)
  const filter = deadLetterFilter(options)
  const ways = [ids.length > 0, Object.keys(filter).length > 0, all].filter(Boolean).length
  if (ways !== 1) {
    throw new StartRefused(exitCodes.configuration, 'give either ids, or filters, or --all')
  }
  return ids.length > 0 ? { ids } : { filter }
}

async function changeAll(
  store: Pick<Store, 'listDeadLetters'>,
  selection: Selection,
  done: 'replayed' | 'purged',
  pace: Pace,
  change: (ids: readonly MessageId[]) => Promise<readonly MessageId[]>,
): Promise<number> {
  const next = 'ids' in selection ? namedIds(selection.ids) : waitingIds(store, selection.filter)
  let count = 0
  let left = 0
  const leftIds: MessageId[] = []
  for (let taken = 0; ; ) {
    const ids = await next(await pace(taken))
    if (ids.length === 0) break
    // Progress: the last step is told by the answer.
    if (taken > 0) say(`${count} ${done} …`)
    taken = ids.length
    const changed = new Set(await change(ids))
    count += changed.size
    left += ids.length - changed.size
    for (const id of ids) if (!changed.has(id) && leftIds.length < leftIdsMax) leftIds.push(id)
  }
  printLine(`${count} ${done}`)
  if (left > 0) {
    const more = left > leftIds.length ? ` and ${left - leftIds.length} more` : ''
    say(`not ${done}: ${leftIds.join(', ')}${more}; ${whyLeft[done]}`)
  } else if (count === 0) say('no dead letter that waits is meant by this')
  const isComplete = !('ids' in selection) || left === 0
  return isComplete ? exitCodes.ok : exitCodes.failure
}

/** Of those that were not changed, so many are named. */
const leftIdsMax = 10

const whyLeft = {
  replayed:
    'no such letter waits, or its message is redacted, or so old that retention would drop it before it is final',
  purged: 'no such letter waits',
}

/** The next ids, at most as many as asked for; none at the end. */
type NextIds = (count: number) => Promise<readonly MessageId[]>

function namedIds(ids: readonly MessageId[]): NextIds {
  let start = 0
  return async (count) => {
    const step = ids.slice(start, start + count)
    start += step.length
    return step
  }
}

/** From the newest to the oldest: what dies again meanwhile is newer, and not taken again. */
function waitingIds(store: Pick<Store, 'listDeadLetters'>, filter: DeadLetterFilter): NextIds {
  let position: DeadLetterPosition | null = null
  return async (count) => {
    const letters = await store.listDeadLetters(filter, false, position, count)
    position = letters.at(-1)?.position ?? position
    return letters.map(({ messageId }) => messageId)
  }
}

const never = new AbortController().signal

/** Steps of about a quarter of a second at `rate` letters a second, or as fast as it goes. */
function paceOf(rate: number | undefined): Pace {
  if (rate === undefined) return async () => stepMax
  const step = Math.min(stepMax, Math.ceil(rate / 4))
  let startedAtMs = 0
  return async (taken) => {
    const waitMs = startedAtMs + (taken * 1_000) / rate - systemClock.monotonicMs()
    if (waitMs > 0) await pause(waitMs, never)
    startedAtMs = systemClock.monotonicMs()
    return step
  }
}
