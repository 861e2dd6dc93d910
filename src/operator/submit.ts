/** The submit path: one request, one fate, one answer (or none). Hot: nothing here is made twice. */
import { errorAnswer, malformedAnswer, resetAnswer, takenAnswer } from './answers.ts'
import { drawDelayMs } from './distribution.ts'
import type { Fate } from './fate.ts'
import { takes } from './fate.ts'
import type { Hangs } from './hangs.ts'
import type { Identity } from './identity.ts'
import { drawn } from './report.ts'
import type { Submission } from './submission.ts'
import { parseIdempotencyKey, parseSubmission, submitLengthMax } from './submission.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** An answer that waits for its latency to pass. */
export interface WaitingAnswer {
  readonly response: Response
  readonly resolve: (response: Response) => void
}

export interface SubmitContext {
  readonly answers: TimerWheel<WaitingAnswer>
  readonly hangs: Hangs
  /** Milliseconds since the Unix epoch, with a fraction. */
  readonly epochMs: () => number
}

/** A submit whose report comes first waits this long for its acknowledgement, then is answered anyway. */
export const earlyReportWaitMsMax = 2_000

/** Never rejects. */
export async function submit(
  context: SubmitContext,
  identity: Identity,
  request: Request,
): Promise<Response> {
  const arrivedMs = context.epochMs()
  let body: string
  try {
    body = await request.text()
  } catch {
    // It broke off: the client is gone, whatever is answered.
    return refuse(identity, 400, 'the body could not be read')
  }
  if (body.length > submitLengthMax) {
    return refuse(identity, 413, `the body must not be longer than ${submitLengthMax} characters`)
  }
  const submission = parseSubmission(body)
  if ('fault' in submission) return refuse(identity, 400, submission.fault)
  const key = parseIdempotencyKey(request.headers.get('idempotency-key'))
  const { fate, messageId, early } = decide(identity, submission, key, arrivedMs)
  if (fate === 'hang') return context.hangs.hold(request.signal)
  const latencyMs = drawDelayMs(identity.behaviour().latency, identity.random)
  const response = answerOf(identity, fate, messageId)
  if (early !== null) await reported(early)
  return later(context, response, latencyMs)
}

interface Decision {
  readonly fate: Fate
  /** Empty when the submit was not taken. */
  readonly messageId: string
  /** Sends the report that must come before the answer, and calls back when it is settled. */
  readonly early: ((onSettled: () => void) => void) | null
}

function decide(
  identity: Identity,
  submission: Submission,
  key: string | null,
  arrivedMs: number,
): Decision {
  const { counters, ledger } = identity
  const { reference, callbackUrl } = submission
  const slot = ledger.record(reference, key, arrivedMs)
  const fate = identity.drawFate(identity.random)
  counters.submits++
  counters.outcomes[fate]++
  if (ledger.wasTaken(slot)) counters.duplicates++
  if (!takes(fate, identity.behaviour())) return { fate, messageId: '', early: null }
  const first = identity.behaviour().deduplicate ? ledger.numberOf(slot, reference, key) : 0
  if (first > 0) return { fate, messageId: identity.messageIdOf(first), early: null }
  counters.taken++
  const messageId = identity.messageIdOf(ledger.take(slot, reference, key))
  return { fate, messageId, early: scheduleReports(identity, callbackUrl, messageId) }
}

function scheduleReports(
  identity: Identity,
  callbackUrl: string | null,
  messageId: string,
): Decision['early'] {
  if (callbackUrl === null) return null
  const { reports, random } = identity
  const planned = identity.planReports(random)
  const final = planned[0]
  if (final === undefined) return null
  if (!drawn(identity.behaviour().report_before_response_rate, random)) {
    reports.schedule(messageId, callbackUrl, planned)
    return null
  }
  reports.schedule(messageId, callbackUrl, planned.slice(1))
  return (onSettled) => reports.sendNow(messageId, callbackUrl, final, onSettled)
}

function answerOf(identity: Identity, fate: Exclude<Fate, 'hang'>, messageId: string): Response {
  const behaviour = identity.behaviour()
  switch (fate) {
    case 'taken':
      return takenAnswer(messageId)
    case 'malformed':
      return malformedAnswer(messageId, identity.random)
    case 'reset':
    case 'reset_before':
      return resetAnswer()
    case 'error':
      return errorAnswer(behaviour.error_status, 'internal_error', 'drawn by error_rate')
    case 'outage':
      return errorAnswer(503, 'outage', 'this provider is down')
    case 'rejected':
      return errorAnswer(400, behaviour.reject_error_code, 'drawn by reject_rate')
    case 'throttled':
      return errorAnswer(429, 'throttled', 'drawn by throttle_rate', {
        'retry-after': String(behaviour.retry_after_s),
      })
    default:
      return fate satisfies never
  }
}

function later(
  context: SubmitContext,
  response: Response,
  delayMs: number,
): Response | Promise<Response> {
  if (delayMs <= 0) return response
  return new Promise((resolve) => context.answers.add(delayMs, { response, resolve }))
}

/** Until the early report is settled, or was waited for long enough. */
function reported(early: NonNullable<Decision['early']>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, earlyReportWaitMsMax)
    early(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function refuse(identity: Identity, status: number, detail: string): Response {
  identity.counters.submits++
  identity.counters.outcomes.invalid++
  return errorAnswer(status, 'invalid_request', detail)
}
