/** `sms-gateway dlq list|show|replay` */
import type { Environment } from '../config/config.ts'
import { isMessageId } from '../domain/message-id.ts'
import { createLogger } from '../runtime/logger.ts'
import { createRegistry } from '../runtime/metrics.ts'
import type { DeadLetter } from '../store/dead-letters.ts'
import type { Store } from '../store/store.ts'
import { databaseFor, openStore } from './open-store.ts'
import { configFor, requireServers, StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface DeadLetterListOptions {
  readonly limit: number
  readonly all: boolean
  readonly json: boolean
}

export function runDeadLetterList(
  environment: Environment,
  { limit, all, json }: DeadLetterListOptions,
): Promise<number> {
  return withStore(environment, async (store) => {
    const letters = await store.listDeadLetters(null, all, limit)
    if (json) {
      for (const letter of letters) printLine(JSON.stringify(toJson(letter)))
      return exitCodes.ok
    }
    if (letters.length === 0) printLine('no dead letters')
    for (const letter of letters) {
      const { messageId, lane, attempts, provider, errorCode, deadAt, replayedAt } = letter
      const replayed = replayedAt === null ? '' : `  replayed ${replayedAt.toISOString()}`
      printLine(
        `${messageId}  ${deadAt.toISOString()}  ${lane}  ${attempts} attempts  ${provider ?? '-'}  ${errorCode}${replayed}`,
      )
    }
    return exitCodes.ok
  })
}

export function runDeadLetterShow(environment: Environment, id: string): Promise<number> {
  return withStore(environment, async (store) => {
    const letter = isMessageId(id) ? await store.getDeadLetter(id) : null
    if (letter === null) {
      say(`no dead letter ${id}`)
      return exitCodes.failure
    }
    const message = await store.queries.get(letter.messageId)
    const shown = { ...toJson(letter), status: message?.status, failures: message?.failures }
    printLine(JSON.stringify(shown, null, 2))
    return exitCodes.ok
  })
}

/** In steps, so that a replay of very many is neither one endless statement nor one answer at the end. */
const replayStep = 500

export function runDeadLetterReplay(
  environment: Environment,
  ids: readonly string[],
  all: boolean,
): Promise<number> {
  const strange = ids.filter((id) => !isMessageId(id))
  if (strange.length > 0) {
    throw new StartRefused(exitCodes.configuration, `not a message id: ${strange.join(', ')}`)
  }
  if (all === ids.length > 0) {
    throw new StartRefused(exitCodes.configuration, 'name the ids to replay, or give --all')
  }
  return withStore(environment, async (store, validityMs) => {
    let replayed = 0
    if (!all) {
      replayed = (await store.replayDeadLetters(ids, validityMs)).length
    } else {
      for (;;) {
        const letters = await store.listDeadLetters(null, false, replayStep)
        if (letters.length === 0) break
        const step = letters.map(({ messageId }) => messageId)
        const done = (await store.replayDeadLetters(step, validityMs)).length
        replayed += done
        say(`${replayed} replayed`)
        // What cannot be replayed stays in the list: going on would never end.
        if (done < step.length) break
      }
    }
    printLine(`${replayed} replayed`)
    return all || replayed === ids.length ? exitCodes.ok : exitCodes.failure
  })
}

const closeMsMax = 2_000

async function withStore(
  environment: Environment,
  run: (store: Store, validityMs: number) => Promise<number>,
): Promise<number> {
  const config = configFor(environment, 'admin')
  const database = databaseFor(config, 'admin')
  try {
    await requireServers(config, database, [])
    const { logger } = createLogger(config.logLevel, 'admin')
    const { store } = openStore(database, config, createRegistry(), logger)
    return await run(store, config.accept.messageValidityMs)
  } finally {
    await database.close(closeMsMax)
  }
}

function toJson(letter: DeadLetter): Record<string, unknown> {
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

function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
