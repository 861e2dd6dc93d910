/**
 * One claimed message on its way through the providers: submit, fail over at once while nothing was taken, and decide what
 * the round comes to. Pure control flow over what it is given; recording is the caller's.
 */
import type { ClaimedMessage } from '../domain/message.ts'
import { withoutMessage } from '../domain/provider-words.ts'
import type { RetrySchedule } from '../domain/retry-schedule.ts'
import { holderOf, type Route } from '../domain/routing.ts'
import type { AttemptFailure, SubmitOutcome } from '../domain/submit-outcome.ts'
import type { ProviderPool, Reservation, ReserveOptions } from '../providers/provider-pool.ts'
import type { Clock } from '../runtime/clock.ts'
import { maskRecipientIn } from '../runtime/logger.ts'
import type { Span, Tracing } from '../runtime/tracing.ts'
import type { Reassignment } from '../store/message-claims.ts'
import {
  final,
  inDoubt,
  noRouteFailure,
  type RoundResult,
  released,
  tryLater,
  waits,
} from './round-result.ts'
import { placeWaitMsMax, type RoutePlaces } from './route-places.ts'

export interface SubmissionOptions {
  readonly pool: Pick<ProviderPool, 'has' | 'reserveWithin'>
  readonly places: Pick<RoutePlaces, 'reserve'>
  readonly retry: RetrySchedule
  /** Failing over ends this long after the round began: the claim must not outlive its lease. */
  readonly roundMsMax: number
  readonly senderIdDefault: string | null
  readonly clock: Clock
  readonly random: () => number
  /** Writes down that the message goes to another provider; false when it is no longer ours. */
  readonly reassign: (reassignment: Reassignment) => Promise<boolean>
  readonly onOutcome: (
    message: ClaimedMessage,
    provider: string,
    outcome: SubmitOutcome,
    durationMs: number,
    span: Span | null,
  ) => void
  readonly workSignal: AbortSignal
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** Where a message may go, and since when it is ours. */
export interface Errand {
  /** Null: anywhere. */
  readonly route: Route | null
  readonly claimedAtMs: number
}

/**
 * Runs one round for a message, beginning at the provider it was claimed for, or, where it may not go there (null), at the first of
 * its route.
 */
export async function runRound(
  message: ClaimedMessage,
  first: Reservation | null,
  { route, claimedAtMs }: Errand,
  options: SubmissionOptions,
): Promise<RoundResult> {
  const { clock, workSignal } = options
  const endsAtMs = claimedAtMs + options.roundMsMax
  const express = message.lane === 'express'
  const failures: AttemptFailure[] = []
  const tried = new Set<string>()
  const holder = holderOf(message, route)
  const boundTo = providerBoundTo(message, holder, options)
  let retryAfterMs = 0
  let recordedAt = message.provider
  let reservation: Reservation | null = first

  if (holder !== null) {
    if (holder !== first?.provider) {
      first?.cancel()
      reservation = await moveToHolder(message, holder, route, options)
    }
  } else if (route !== null && first === null) {
    if (route.ranks.length === 0) {
      failures.push(noRouteFailure(message, options))
      return tryLater(message, failures, 0, options)
    }
    reservation = await options.places.reserve(route, { express }, placeWaitMsMax, workSignal)
    if (reservation === null && !workSignal.aborted) return waits(message, options)
  }

  for (;;) {
    if (reservation !== null && reservation.provider !== recordedAt) {
      const moved = await moveTo(message, recordedAt, reservation, options)
      if (moved === 'stopped') return released(message, recordedAt, failures)
      if (moved === 'lost') return { kind: 'lost' }
      recordedAt = reservation.provider
    }
    if (workSignal.aborted) {
      reservation?.cancel()
      return released(message, recordedAt, failures)
    }
    if (reservation === null) return tryLater(message, failures, retryAfterMs, options)
    const outcome = await submitOnce(message, reservation, options)
    if (outcome.kind === 'taken') {
      return {
        kind: 'sent',
        settlement: {
          id: message.id,
          claimToken: message.claimToken,
          provider: reservation.provider,
          providerMessageId: outcome.providerMessageId,
          failures,
        },
      }
    }
    const { code, detail } = outcome
    const at = new Date(clock.now()).toISOString()
    const { provider } = reservation
    failures.push({ attempt: message.attempt, provider, kind: outcome.kind, code, detail, at })
    if (outcome.kind === 'rejected') {
      const result = mayBeElsewhere(message, provider, options) ? 'unknown' : 'rejected'
      return final(message, result, provider, failures)
    }
    if (outcome.kind === 'indeterminate') return inDoubt(message, reservation, failures, options)
    if (outcome.kind === 'throttled') retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs)

    tried.add(provider)
    reservation =
      boundTo === null
        ? await reserveOn(
            route,
            { express, exclude: tried },
            endsAtMs - clock.monotonicMs(),
            options,
          )
        : null
  }
}

async function reserveOn(
  route: Route | null,
  wanted: ReserveOptions,
  waitMs: number,
  { pool, places, workSignal }: SubmissionOptions,
): Promise<Reservation | null> {
  if (route === null) return await pool.reserveWithin(wanted, waitMs, workSignal)
  return await places.reserve(route, wanted, waitMs, workSignal)
}

/**
 * The only provider the message may go to in this round: the one that may hold it already and would know it by its key,
 * which another one would not. In the second half of its attempts, and when that provider is configured no more, any will do:
 * see docs/decisions/0002-claim-before-submit.md.
 */
function providerBoundTo(
  message: ClaimedMessage,
  holder: string | null,
  options: SubmissionOptions,
): string | null {
  if (holder === null || !options.pool.has(holder)) return null
  return isInFirstHalf(message, options) ? holder : null
}

function isInFirstHalf({ attempt }: ClaimedMessage, { retry }: SubmissionOptions): boolean {
  return attempt <= Math.ceil(retry.attemptsMax / 2)
}

/** Whether a provider that did not reject it may hold it: one is remembered, and in the second half others may have been asked. */
function mayBeElsewhere(
  message: ClaimedMessage,
  provider: string,
  options: SubmissionOptions,
): boolean {
  const { inDoubtProvider } = message
  if (inDoubtProvider === null) return false
  return inDoubtProvider !== provider || !isInFirstHalf(message, options)
}

async function submitOnce(
  message: ClaimedMessage,
  reservation: Reservation,
  options: SubmissionOptions,
): Promise<SubmitOutcome> {
  const startedAtMs = options.clock.monotonicMs()
  const span = spanOf(message, reservation.provider, options)
  const outcome = await reservation.submit(
    {
      reference: message.id,
      recipient: message.recipient,
      senderId: message.senderId ?? options.senderIdDefault,
      text: message.text,
      ...(span === null ? {} : { traceparent: span.traceparent }),
    },
    options.workSignal,
  )
  const durationMs = options.clock.monotonicMs() - startedAtMs
  const masked = withoutPersonal(outcome, message)
  span?.set({ 'sms.outcome': masked.kind })
  span?.end(masked.kind === 'taken' ? undefined : masked.code)
  options.onOutcome(message, reservation.provider, masked, durationMs, span)
  return masked
}

function spanOf(
  { traceparent, lane, attempt, id }: ClaimedMessage,
  provider: string,
  { tracing }: SubmissionOptions,
): Span | null {
  if (tracing === null || traceparent === null) return null
  return tracing.begin(`submit ${provider}`, {
    kind: 'client',
    parent: traceparent,
    attributes: {
      'messaging.operation.type': 'send',
      'messaging.message.id': id,
      'sms.provider': provider,
      'sms.lane': lane,
      'sms.attempt': attempt,
    },
  })
}

/** A provider's words often repeat the number, and may repeat the text; they are kept, shown and logged. */
function withoutPersonal(outcome: SubmitOutcome, message: ClaimedMessage): SubmitOutcome {
  if (outcome.kind === 'taken') return outcome
  const without = (words: string) =>
    withoutMessage(maskRecipientIn(words, message.recipient), message)
  return { ...outcome, code: without(outcome.code), detail: without(outcome.detail) }
}

/**
 * Another provider may hold the message: it is asked first, with the same key, so that it can tell. The place that was
 * reserved is given back by then: a slow provider must not hold places at the others.
 */
async function moveToHolder(
  message: ClaimedMessage,
  holder: string,
  route: Route | null,
  options: SubmissionOptions,
): Promise<Reservation | null> {
  const { pool, roundMsMax, workSignal } = options
  const express = message.lane === 'express'
  const there = await pool.reserveWithin({ express, only: holder }, roundMsMax / 2, workSignal)
  if (there !== null || providerBoundTo(message, holder, options) !== null) return there
  return await reserveOn(route, { express }, roundMsMax / 2, options)
}

/** Records the move before anything goes out; gives the place back when the message is no longer ours, or the process has to end. */
async function moveTo(
  { id, claimToken }: ClaimedMessage,
  from: string,
  reservation: Reservation,
  options: SubmissionOptions,
): Promise<'moved' | 'lost' | 'stopped'> {
  try {
    if (await options.reassign({ id, claimToken, from, provider: reservation.provider })) {
      return 'moved'
    }
    reservation.cancel()
    return 'lost'
  } catch (error) {
    reservation.cancel()
    if (options.workSignal.aborted) return 'stopped'
    throw error
  }
}
