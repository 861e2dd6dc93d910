/**
 * What is personal comes to an end: texts and numbers go when their customers' settings say so, and those of a number when
 * somebody asks. All processors do it; the statements give each its own work.
 */
import { dayMs } from '../domain/duration.ts'
import { clockAheadMsMax, messageIdFloor, messageIdTimeMs } from '../domain/message-id.ts'
import {
  decideRedaction,
  erasureStepMax,
  type NewRedaction,
  type RedactionCandidate,
  redactionOf,
} from '../domain/redaction.ts'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { ErasureAtWork, ErasureStep } from '../store/erasures.ts'
import type { Store } from '../store/store.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'

export interface RedactionOptions {
  readonly store: Pick<
    Store,
    | 'syncRedactionWalks'
    | 'takeRedactionWalks'
    | 'moveRedactionWalks'
    | 'takeRedactionWaits'
    | 'keepRedactionWaits'
    | 'dropRedactionWaits'
    | 'redactMessages'
    | 'takeErasure'
    | 'eraseInbound'
    | 'findMessagesOf'
    | 'moveErasure'
    | 'forgetErasures'
    | 'forgetAuditLog'
    | 'cancelMessage'
  >
  readonly retentionDays: number
  readonly metrics: Pick<ProcessorMetrics, 'redacted'>
  readonly logger: Logger
}

const syncIntervalMs = 3_000
const stepIntervalMs = 1_000
const forgetIntervalMs = 3_600_000
/** Messages in one statement. */
const redactMax = 1_000
/** One that could not be redacted is looked at again after this time. */
const lostCheckMs = 2_000
/** Of one search by number. */
const windowMs = dayMs / 4
/** Searches that find nothing, in one step. */
const windowsMax = 40

export function createRedactionServices(options: RedactionOptions): Service[] {
  const { store, metrics, logger } = options

  /** Answers the ids of those that were redacted. */
  async function redact(redactions: readonly NewRedaction[]): Promise<ReadonlySet<string>> {
    const done = new Set<string>()
    for (let start = 0; start < redactions.length; start += redactMax) {
      const ids = await store.redactMessages(redactions.slice(start, start + redactMax))
      for (const id of ids) done.add(id)
    }
    metrics.redacted.inc(done.size)
    return done
  }

  /** Redacts those whose time it is, and answers those to be looked at again. */
  async function redactDue(candidates: readonly RedactionCandidate[]) {
    const redactions: NewRedaction[] = []
    const waits: { id: string; checkInMs: number }[] = []
    for (const candidate of candidates) {
      const decision = decideRedaction(candidate)
      if (decision.kind === 'redact') redactions.push(decision.redaction)
      if (decision.kind === 'wait') waits.push({ id: candidate.id, checkInMs: decision.checkInMs })
    }
    const done = await redact(redactions)
    // One that is sent again meanwhile, or that somebody else has redacted: the next look tells.
    for (const { id } of redactions) if (!done.has(id)) waits.push({ id, checkInMs: lostCheckMs })
    return waits
  }

  async function walk(): Promise<boolean> {
    const walks = await store.takeRedactionWalks()
    if (walks.length === 0) return false
    // Two walks may meet the same message.
    const met = new Map(
      walks.flatMap(({ candidates }) => candidates.map((each) => [each.id, each])),
    )
    const waits = await redactDue([...met.values()])
    await store.keepRedactionWaits(waits)
    await store.moveRedactionWalks(walks)
    // Others may be due whose turn it was not: one more look costs a statement that finds none.
    return true
  }

  async function lookAgain(): Promise<boolean> {
    const taken = await store.takeRedactionWaits()
    if (taken.length === 0) return false
    const candidates = taken.flatMap(({ candidate }) => (candidate === null ? [] : [candidate]))
    const waits = await redactDue(candidates)
    await store.keepRedactionWaits(waits)
    const waiting = new Set(waits.map(({ id }) => id))
    await store.dropRedactionWaits(taken.flatMap(({ id }) => (waiting.has(id) ? [] : [id])))
    return true
  }

  async function erase(): Promise<boolean> {
    const erasure = await store.takeErasure()
    if (erasure === null) return false
    const step = await eraseStep(erasure)
    if (await store.moveErasure(erasure, step)) {
      logger.info({ event: 'erasure.finished', erasure_id: erasure.id })
    }
    return true
  }

  /** What the number has sent goes at the beginning of a walk; while there is more of it, another one follows. */
  async function eraseStep(erasure: ErasureAtWork): Promise<ErasureStep> {
    const end = messageIdFloor(erasure.requestedAtMs + clockAheadMsMax)
    const erased = erasure.position === null ? await store.eraseInbound(erasure, end) : 0
    if (erased === erasureStepMax) {
      return { position: null, pending: 1, redacted: erased, canceled: 0 }
    }
    const step = await eraseSent(erasure, end)
    return { ...step, redacted: step.redacted + erased }
  }

  /** Goes on through the spans of time until there was something to do. */
  async function eraseSent(erasure: ErasureAtWork, end: string): Promise<ErasureStep> {
    let fromMs = erasure.requestedAtMs - (options.retentionDays + 2) * dayMs
    let from = messageIdFloor(fromMs)
    if (erasure.position !== null) {
      from = erasure.position
      fromMs = messageIdTimeMs(from)
    }
    for (let window = 1; window <= windowsMax && from < end; window++) {
      fromMs = Math.floor(fromMs / windowMs + 1) * windowMs
      const until = messageIdFloor(fromMs)
      const to = [until, end].toSorted()[0] ?? end
      const found = await store.findMessagesOf(erasure, from, to)
      if (found.length === 0) {
        from = to
        continue
      }
      const last = found.length === erasureStepMax ? found.at(-1)?.id : undefined
      const outcome = await eraseFound(erasure, found)
      const position = last === undefined ? to : after(last)
      return { position: position < end ? position : null, ...outcome }
    }
    const isOver = from >= end
    return { position: isOver ? null : from, pending: 0, redacted: 0, canceled: 0 }
  }

  async function eraseFound(
    { phone }: ErasureAtWork,
    found: Awaited<ReturnType<Store['findMessagesOf']>>,
  ) {
    let canceled = 0
    const final: typeof found = []
    for (const message of found) {
      if (message.isCancelable && (await store.cancelMessage(message.id, null)) === 'canceled') {
        canceled++
        final.push(message)
      } else if (message.isFinal) final.push(message)
    }
    const done = await redact(final.map(({ id, text }) => redactionOf(id, text, phone)))
    return { pending: found.length - done.size, redacted: done.size, canceled }
  }

  async function forget(signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted && (await store.forgetErasures()) > 0);
    while (!signal.aborted && (await store.forgetAuditLog()) > 0);
    return undefined
  }

  const chore = (
    name: string,
    intervalMs: number,
    run: (signal: AbortSignal) => Promise<boolean | undefined>,
  ): Service =>
    createPeriodic({
      name,
      intervalMs,
      run,
      onError: (error) => logger.warn({ event: 'redaction.failed', chore: name, err: error }),
    })

  return [
    chore('redaction walks', syncIntervalMs, async () => {
      await store.syncRedactionWalks()
      return undefined
    }),
    chore('redaction', stepIntervalMs, walk),
    chore('redaction of those that waited', stepIntervalMs, lookAgain),
    chore('erasures', stepIntervalMs, erase),
    chore('forgetting', forgetIntervalMs, forget),
  ]
}

/** The smallest id above this one. */
function after(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0')
  const steps = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${steps.join('-')}-${hex.slice(20)}`
}
