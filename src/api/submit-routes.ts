/** Submitting one message. The hot path: what a request costs here, it costs thousands of times a second. */
import { isForLater, type Lane, type NewMessage } from '../domain/message.ts'
import { messageIdTimeMs } from '../domain/message-id.ts'
import type { Clock } from '../runtime/clock.ts'
import { withExemplars } from '../runtime/metrics.ts'
import type { Acceptance } from './acceptance.ts'
import type { Admission } from './admission.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { type Access, deniedReason, isProblem } from './caller.ts'
import { invalidRequest } from './faults.ts'
import {
  fingerprintOf,
  idempotencyKeyOf,
  type KeyedOutcome,
  keyedResponse,
  type Once,
} from './idempotency.ts'
import { type Accepted, submitSchema } from './message-schemas.ts'
import { type Fault, problemResponse } from './problems.ts'
import type { JsonBodyOptions, ReadJson } from './request-body.ts'
import type { Exchange, Route } from './route.ts'
import {
  type ClassifyDatabaseError,
  type Failure,
  inFlightFull,
  storeFailure,
} from './store-failure.ts'
import { type Candidate, type Counted, giveBack } from './submit-candidate.ts'
import { isCandidate, type SubmitChecks, type Verdict } from './submit-checks.ts'

/** Longest body with one message: its text escaped at six characters each, and room for the rest. */
export const submitBytesMax = 64 * 1_024

export interface SubmitOptions {
  readonly access: Access
  readonly readJson: ReadJson
  readonly checks: SubmitChecks
  readonly acceptance: Acceptance
  readonly once: Once
  readonly admission: Pick<Admission, 'refusal'>
  readonly classify: ClassifyDatabaseError
  readonly metrics: ApiMetrics
  readonly clock: Clock
}

export const messagesPath = '/api/v1/messages'
export const expressPath = `${messagesPath}/express`
const paths: Readonly<Record<Lane, string>> = { normal: messagesPath, express: expressPath }

export function submitRoutes(options: SubmitOptions): Route[] {
  const { access, readJson, checks, acceptance, once, admission, classify, metrics, clock } =
    options
  const duration = withExemplars(metrics.acceptDuration, { kind: 'single' })
  const bodyOptions: Record<Lane, JsonBodyOptions> = {
    normal: { bytesMax: submitBytesMax, refusal: () => refusal('normal') },
    express: { bytesMax: submitBytesMax, refusal: () => refusal('express') },
  }

  function refusal(lane: Lane): Failure | null {
    const problem = admission.refusal(lane)
    if (problem !== null) return { problem, reason: 'queue_full' }
    return acceptance.isFull ? inFlightFull : null
  }

  async function submit(exchange: Exchange, lane: Lane): Promise<Response> {
    const { request, requestId } = exchange
    const startedAtMs = clock.monotonicMs()
    const decided = access(exchange, 'send')
    const caller = decided instanceof Promise ? await decided : decided
    if (isProblem(caller)) {
      return refuse({ problem: caller, reason: deniedReason(caller) }, requestId)
    }
    const body = await readJson(request, bodyOptions[lane])
    if (!body.ok) return refuse(body.failure, requestId)
    const { key, faults } = idempotencyKeyOf(request)
    const fingerprint = key === null ? null : fingerprintOf(paths[lane], body.bytes)
    const keyed = key === null || fingerprint === null ? null : { key, fingerprint, caller }
    const submits: Candidate[] = []
    try {
      const judged = checks.judge([{ value: body.value, pointer: '' }], submitSchema, lane, caller)
      const verdict = withFaults((judged instanceof Promise ? await judged : judged)[0], faults)
      if (!isCandidate(verdict)) {
        const recalled = keyed === null ? null : await once.recall(keyed)
        if (recalled?.kind === 'replayed') return answerKnown(recalled, requestId)
        return refuse(verdict, requestId)
      }
      submits.push(verdict)
      const { span } = exchange
      if (span !== undefined) verdict.submit.traceparent = span.traceparent
      let message: NewMessage | undefined
      if (keyed === null) message = await acceptance.accept(verdict.submit, lane)
      else {
        const outcome = await once.accept({ ...keyed, submits, respond: keptAnswer })
        if (outcome.kind !== 'accepted') {
          giveBack(submits)
          return answerKnown(outcome, requestId)
        }
        message = outcome.messages[0]
      }
      observe(startedAtMs, span)
      return acceptedResponse(message, verdict.counted)
    } catch (error) {
      const failure = storeFailure(error, classify)
      metrics.refused.inc({ reason: failure?.reason ?? 'failure' })
      if (failure === null) throw error
      // Of what the database does not answer nobody knows whether it was accepted.
      if (failure.reason !== 'database') giveBack(submits)
      return problemResponse(failure.problem, requestId)
    }
  }

  function observe(startedAtMs: number, span: Exchange['span']): void {
    duration((clock.monotonicMs() - startedAtMs) / 1000, span?.traceId)
  }

  function answerKnown(
    outcome: Exclude<KeyedOutcome, { kind: 'accepted' }>,
    requestId: string,
  ): Response {
    if (outcome.kind === 'refused') {
      return refuse({ problem: outcome.problem, reason: 'idempotency' }, requestId)
    }
    const accepted = acceptedOf(outcome.response)
    return keyedResponse(
      { ...outcome, response: JSON.stringify(accepted) },
      { location: locationOf(accepted.id) },
    )
  }

  function refuse({ problem, reason }: Failure, requestId: string): Response {
    metrics.refused.inc({ reason })
    return problemResponse(problem, requestId)
  }

  return [
    { method: 'POST', path: paths.normal, handle: (exchange) => submit(exchange, 'normal') },
    { method: 'POST', path: paths.express, handle: (exchange) => submit(exchange, 'express') },
  ]
}

/** With the faults of its headers. */
function withFaults(verdict: Verdict | undefined, faults: readonly Fault[]): Verdict {
  if (verdict === undefined) throw new Error('every message has a verdict')
  if (faults.length === 0) return verdict
  const errors = isCandidate(verdict) ? [] : (verdict.problem.errors ?? [])
  return { problem: invalidRequest([...faults, ...errors]), reason: 'invalid' }
}

/** One a message is kept for a day: what of the answer cannot be found out from the rest. */
function keptAnswer([message]: readonly NewMessage[]): string {
  if (message === undefined) throw new Error('a submit has a message')
  return `${message.id} ${acceptedStatus(message)} ${message.lane}`
}

function acceptedOf(kept: string): Accepted {
  // The whole answer, as it was kept before.
  if (kept.startsWith('{')) return JSON.parse(kept) as Accepted
  const [id = '', status, lane] = kept.split(' ')
  return { id, status, lane, accepted_at: acceptedAt(id) } as Accepted
}

function acceptedResponse(message: NewMessage | undefined, counted: Counted | undefined): Response {
  if (message === undefined) throw new Error('a submit has a message')
  return new Response(JSON.stringify(acceptedBody(message)), {
    status: 202,
    headers: {
      'content-type': 'application/json',
      location: locationOf(message.id),
      ...counted?.headers,
    },
  })
}

function locationOf(id: string): string {
  return `${messagesPath}/${id}`
}

function acceptedStatus(message: NewMessage): Accepted['status'] {
  return isForLater(message, messageIdTimeMs(message.id)) ? 'scheduled' : 'queued'
}

/** What a submit answers; the time of acceptance is the id's. */
export function acceptedBody(message: NewMessage): Accepted {
  const { id, lane } = message
  return { id, status: acceptedStatus(message), lane, accepted_at: acceptedAt(id) }
}

const acceptedAt = (id: string): string => new Date(messageIdTimeMs(id)).toISOString()
