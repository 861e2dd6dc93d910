/** Submitting one message. The hot path: what a request costs here, it costs thousands of times a second. */
import { isForLater, type Lane, type MessageTiming, type NewMessage } from '../domain/message.ts'
import { messageIdTimeMs } from '../domain/message-id.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Acceptance } from './acceptance.ts'
import type { Admission } from './admission.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { type Access, isProblem } from './caller.ts'
import { customerFaults, type OwnedSubmit, withCustomer } from './customer-of-submit.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import {
  type AcceptOnce,
  fingerprintOf,
  idempotencyKeyOf,
  type KeyedSubmit,
  keyedResponse,
} from './idempotency.ts'
import { type Accepted, submitSchema } from './message-schemas.ts'
import { problemResponse } from './problems.ts'
import type { JsonBodyOptions, ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import {
  type ClassifyDatabaseError,
  type Failure,
  inFlightFull,
  storeFailure,
} from './store-failure.ts'
import { segmentFaults, type TextRules, textOf } from './text-of-submit.ts'
import { type TimingRules, timingOf } from './timing-of-submit.ts'

/** Longest body with one message: its text escaped at six characters each, and room for the rest. */
export const submitBytesMax = 64 * 1_024

export interface SubmitOptions {
  readonly access: Access
  readonly readJson: ReadJson
  readonly text: TextRules
  readonly timing: TimingRules
  readonly acceptance: Acceptance
  readonly acceptOnce: AcceptOnce
  readonly admission: Pick<Admission, 'refusal'>
  readonly classify: ClassifyDatabaseError
  readonly metrics: ApiMetrics
  readonly clock: Clock
}

export const messagesPath = '/api/v1/messages'
export const expressPath = `${messagesPath}/express`
const paths: Readonly<Record<Lane, string>> = { normal: messagesPath, express: expressPath }

interface OwnedIn {
  readonly submit: OwnedSubmit
  readonly lane: Lane
}

export function submitRoutes(options: SubmitOptions): Route[] {
  const {
    access,
    readJson,
    text,
    timing: timingRules,
    acceptance,
    acceptOnce,
    admission,
    classify,
    metrics,
    clock,
  } = options
  const duration = metrics.acceptDuration.labels({ kind: 'single' })
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
    if (isProblem(caller)) return refuse({ problem: caller, reason: 'unauthorized' }, requestId)
    const body = await readJson(request, bodyOptions[lane])
    if (!body.ok) return refuse(body.failure, requestId)
    const parsed = submitSchema.safeParse(body.value)
    const { key, faults: keyFaults } = idempotencyKeyOf(request)
    const faults = [...keyFaults, ...customerFaults(body.value, caller)]
    let timing: MessageTiming | undefined
    if (parsed.success) {
      timing = timingOf(parsed.data, timingRules, clock.now(), faults)
      parsed.data.message = textOf(parsed.data, text)
      faults.push(...segmentFaults(parsed.data.message, text))
    }
    if (!parsed.success || faults.length > 0) {
      if (!parsed.success) faults.unshift(...bodyFaults(parsed.error))
      return refuse({ problem: invalidRequest(faults), reason: 'invalid' }, requestId)
    }
    const owned = withCustomer(parsed.data, caller, timing)
    try {
      if (key !== null) {
        const fingerprint = fingerprintOf(paths[lane], body.bytes)
        return await submitOnce({ key, fingerprint, caller, submit: owned, lane }, requestId)
      }
      const message = await acceptance.accept(owned, lane)
      duration.observe((clock.monotonicMs() - startedAtMs) / 1000)
      return jsonResponse(acceptedBody(message), 202, locationOf(message.id))
    } catch (error) {
      const failure = storeFailure(error, classify)
      metrics.refused.inc({ reason: failure?.reason ?? 'failure' })
      if (failure === null) throw error
      return problemResponse(failure.problem, requestId)
    }
  }

  async function submitOnce(
    { submit, lane, ...keyed }: Omit<KeyedSubmit, 'submits' | 'respond'> & OwnedIn,
    requestId: string,
  ): Promise<Response> {
    const outcome = await acceptOnce({
      ...keyed,
      submits: [{ submit, lane }],
      respond: (messages) => JSON.stringify(messages.map(acceptedBody)[0]),
    })
    if (outcome.kind === 'refused') {
      return refuse({ problem: outcome.problem, reason: 'idempotency' }, requestId)
    }
    const { id } = JSON.parse(outcome.response) as Accepted
    return keyedResponse(outcome, locationOf(id))
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

function locationOf(id: string) {
  return { location: `${messagesPath}/${id}` }
}

/** What a submit answers; the time of acceptance is the id's. */
export function acceptedBody(message: NewMessage): Accepted {
  const { id, lane } = message
  const acceptedAtMs = messageIdTimeMs(id)
  const status = isForLater(message, acceptedAtMs) ? 'scheduled' : 'queued'
  return { id, status, lane, accepted_at: new Date(acceptedAtMs).toISOString() }
}
