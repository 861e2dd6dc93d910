/** What a round comes to, as it is recorded. */
import type { ClaimedMessage } from '../domain/message.ts'
import { messageIdTimeMs } from '../domain/message-id.ts'
import { type RetrySchedule, retryDelayMs } from '../domain/retry-schedule.ts'
import { routeWaitMs } from '../domain/route-wait.ts'
import type { AttemptFailure } from '../domain/submit-outcome.ts'
import type { Reservation } from '../providers/provider-pool.ts'
import type { Clock } from '../runtime/clock.ts'
import type { SentSettlement, UnsentSettlement } from '../store/settlements.ts'

export type RoundResult =
  | { readonly kind: 'sent'; readonly settlement: SentSettlement }
  | { readonly kind: 'unsent'; readonly settlement: UnsentSettlement }
  /** Somebody else has the message now: nothing to record. */
  | { readonly kind: 'lost' }

export interface ResultOptions {
  readonly retry: RetrySchedule
  readonly clock: Pick<Clock, 'now'>
  readonly random: () => number
}

/** None of the providers that may have it can take it now: it was no attempt, and waits in the database. */
export function waits(message: ClaimedMessage, { clock, random }: ResultOptions): RoundResult {
  const retryInMs = routeWaitMs(clock.now() - messageIdTimeMs(message.id), random())
  const { provider, inDoubtProvider } = message
  return unsent(message, { result: 'released', retryInMs, provider, inDoubtProvider, failures: [] })
}

/** Whether it was for want of a provider that may have it that nothing went out. */
export function unrouted(result: RoundResult): 'waiting' | 'no_route' | null {
  if (result.kind !== 'unsent') return null
  const { result: status, retryInMs, failures } = result.settlement
  if (failures.at(-1)?.code === noRoute) return 'no_route'
  return status === 'released' && retryInMs > 0 ? 'waiting' : null
}

const noRoute = 'no_route'

/** Why a message that no provider may have is tried again, and is a dead letter at last. */
export function noRouteFailure(message: ClaimedMessage, { clock }: ResultOptions): AttemptFailure {
  return {
    attempt: message.attempt,
    provider: null,
    kind: 'unavailable',
    code: noRoute,
    detail: 'No configured provider may have a message to this number.',
    at: new Date(clock.now()).toISOString(),
  }
}

/** The process has to end before anything went out in this attempt, or after it failed: another process goes on at once. */
export function released(
  message: ClaimedMessage,
  provider: string,
  failures: AttemptFailure[],
): RoundResult {
  const { inDoubtProvider } = message
  return unsent(message, { result: 'released', retryInMs: 0, provider, inDoubtProvider, failures })
}

export function inDoubt(
  message: ClaimedMessage,
  reservation: Reservation,
  failures: AttemptFailure[],
  options: ResultOptions,
): RoundResult {
  const { provider } = reservation
  const retryInMs = retryDelayMs(options.retry, message.attempt, options.random())
  // After the last attempt it may still have been taken: `failed` would claim to know better.
  if (reservation.inDoubt === 'unknown' || retryInMs === null) {
    return final(message, 'unknown', provider, failures)
  }
  return again(message, provider, provider, failures, retryInMs)
}

export function tryLater(
  message: ClaimedMessage,
  failures: AttemptFailure[],
  retryAfterMs: number,
  options: ResultOptions,
): RoundResult {
  const provider = failures.at(-1)?.provider ?? message.provider
  const retryInMs = retryDelayMs(options.retry, message.attempt, options.random(), retryAfterMs)
  if (retryInMs !== null)
    return again(message, provider, message.inDoubtProvider, failures, retryInMs)
  return final(message, message.inDoubtProvider === null ? 'failed' : 'unknown', provider, failures)
}

function again(
  message: ClaimedMessage,
  provider: string,
  inDoubtProvider: string | null,
  failures: AttemptFailure[],
  retryInMs: number,
): RoundResult {
  return unsent(message, { result: 'queued', retryInMs, provider, inDoubtProvider, failures })
}

export function final(
  message: ClaimedMessage,
  result: 'rejected' | 'unknown' | 'failed',
  provider: string,
  failures: AttemptFailure[],
): RoundResult {
  return unsent(message, { result, retryInMs: 0, provider, inDoubtProvider: null, failures })
}

function unsent(
  { id, claimToken, lane }: ClaimedMessage,
  outcome: Omit<UnsentSettlement, 'id' | 'claimToken' | 'lane'>,
): RoundResult {
  return { kind: 'unsent', settlement: { id, claimToken, lane, ...outcome } }
}
