/** Submitting many messages at once: each is checked, refused or accepted for itself, and answered in its place. */
import type { NewMessage } from '../domain/message.ts'
import { type Caller, deniedReason, isProblem } from './caller.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { fingerprintOf, idempotencyKeyOf, type KeyedSubmit, keyedResponse } from './idempotency.ts'
import { batchEnvelopeSchema, batchItemSchema } from './message-schemas.ts'
import {
  type Problem,
  passingProblem,
  problemBody,
  problemKinds,
  problemResponse,
} from './problems.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { type Failure, inFlightFull, storeFailure } from './store-failure.ts'
import { type Candidate, giveBack } from './submit-candidate.ts'
import { isCandidate, type Verdict } from './submit-checks.ts'
import { acceptedBody, messagesPath, type SubmitOptions } from './submit-routes.ts'

/** Longest body of a batch: 10,000 messages of the usual lengths. */
export const batchBytesMax = 16 * 1_048_576

export const batchPath = `${messagesPath}/batch`

export function batchRoute(options: SubmitOptions): Route {
  const { access, readJson, checks, acceptance, once, classify, metrics, clock } = options
  const duration = metrics.acceptDuration.labels({ kind: 'batch' })
  const refusal = () => (acceptance.isFull ? inFlightFull : null)

  async function submitBatch(exchange: Exchange): Promise<Response> {
    const { request, requestId } = exchange
    const startedAtMs = clock.monotonicMs()
    const caller = await access(exchange, 'send')
    if (isProblem(caller)) {
      metrics.refused.inc({ reason: deniedReason(caller) })
      return problemResponse(caller, requestId)
    }
    const body = await readJson(request, { bytesMax: batchBytesMax, refusal })
    if (!body.ok) {
      metrics.refused.inc({ reason: body.failure.reason })
      return problemResponse(body.failure.problem, requestId)
    }
    const envelope = batchEnvelopeSchema.safeParse(body.value)
    const { key, faults } = idempotencyKeyOf(request)
    if (!envelope.success || faults.length > 0) {
      metrics.refused.inc({ reason: 'invalid' })
      const ofBody = envelope.success ? [] : bodyFaults(envelope.error)
      return problemResponse(invalidRequest([...faults, ...ofBody]), requestId)
    }
    const checked = await checkItems(envelope.data.messages, caller)
    if ('kind' in checked) return problemResponse(checked, requestId)
    const candidates = checked.filter(isCandidate)
    const { span } = exchange
    if (span !== undefined) {
      for (const { submit } of candidates) submit.traceparent = span.traceparent
    }
    if (key !== null) {
      const fingerprint = fingerprintOf(batchPath, body.bytes)
      return await submitOnce({ key, fingerprint, caller }, checked, startedAtMs, requestId)
    }
    const outcome = candidates.length === 0 ? [] : await acceptAll(candidates)
    if (Array.isArray(outcome)) observe(startedAtMs)
    return answer(checked, outcome, requestId, headersOf(checked, caller))
  }

  async function submitOnce(
    keyed: Pick<KeyedSubmit, 'key' | 'fingerprint' | 'caller'>,
    checked: readonly Verdict[],
    startedAtMs: number,
    requestId: string,
  ): Promise<Response> {
    const submits = checked.filter(isCandidate)
    try {
      // What passes must not be kept as the answer for a day; and what was accepted may be of another time.
      if (submits.length === 0 || checked.some(isPassing)) {
        const recalled = await once.recall(keyed)
        giveBack(submits)
        if (recalled?.kind === 'replayed') return keyedResponse(recalled)
        return answer(checked, submits.length === 0 ? [] : refusedWhole(checked), requestId)
      }
      const respond = (messages: readonly NewMessage[]) =>
        JSON.stringify({ messages: itemBodies(checked, messages, null) })
      const outcome = await once.accept({ ...keyed, submits, respond })
      if (outcome.kind === 'accepted') {
        observe(startedAtMs)
        return keyedResponse(outcome, headersOf(checked, keyed.caller))
      }
      giveBack(submits)
      if (outcome.kind === 'replayed') return keyedResponse(outcome)
      metrics.refused.inc({ reason: 'idempotency' }, submits.length)
      return problemResponse(outcome.problem, requestId)
    } catch (error) {
      return answer(checked, failureOf(error, submits.length, submits), requestId)
    }
  }

  function observe(startedAtMs: number): void {
    duration.observe((clock.monotonicMs() - startedAtMs) / 1000)
  }

  /** Each for itself; or the problem of all, when nothing can be found out about them. */
  async function checkItems(
    values: readonly unknown[],
    caller: Caller,
  ): Promise<readonly Verdict[] | Problem> {
    const items = values.map((value, index) => ({ value, pointer: `/messages/${index}` }))
    try {
      const verdicts = await checks.judge(items, batchItemSchema, 'normal', caller)
      for (const verdict of verdicts) {
        if (!isCandidate(verdict)) metrics.refused.inc({ reason: verdict.reason })
      }
      return verdicts
    } catch (error) {
      return failureOf(error, values.length)
    }
  }

  /** The accepted messages, or the problem all of them have. */
  async function acceptAll(
    candidates: readonly Candidate[],
  ): Promise<readonly NewMessage[] | Problem> {
    try {
      return await acceptance.acceptGroup(candidates)
    } catch (error) {
      return failureOf(error, candidates.length, candidates)
    }
  }

  /** @throws the error, when it is a defect of ours */
  function failureOf(error: unknown, count: number, submits: readonly Candidate[] = []): Problem {
    const failure = storeFailure(error, classify)
    metrics.refused.inc({ reason: failure?.reason ?? 'failure' }, count)
    if (failure === null) throw error
    // Of what the database does not answer nobody knows whether it was accepted.
    if (failure.reason !== 'database') giveBack(submits)
    return failure.problem
  }

  return { method: 'POST', path: batchPath, handle: submitBatch }
}

/** What is told of limits: those of a customer, where the batch is of one. */
function headersOf(
  checked: readonly Verdict[],
  { customerId }: Caller,
): Readonly<Record<string, string>> {
  if (customerId === null) return {}
  return checked.find(isCandidate)?.counted?.headers ?? {}
}

/** 202 when a message was accepted; else the problem that passes, if there is one, or that of faulty messages. */
function answer(
  checked: readonly Verdict[],
  outcome: readonly NewMessage[] | Problem,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const accepted = 'kind' in outcome ? [] : outcome
  const common = 'kind' in outcome ? outcome : null
  const messages = itemBodies(checked, accepted, common)
  if (accepted.length > 0) return jsonResponse({ messages }, 202, headers)
  const problem: Problem = common ??
    checked.find(isPassing)?.problem ?? {
      kind: 'no-message-accepted',
      detail: 'Every message has faults; messages lists them in order.',
    }
  return problemResponse({ ...problem, extensions: { messages } }, requestId)
}

/** @param common the problem of all that have no other and are not accepted */
function itemBodies(
  checked: readonly Verdict[],
  accepted: readonly NewMessage[],
  common: Problem | null,
) {
  let next = 0
  return checked.map((item) => {
    if (!isCandidate(item)) return { error: problemBody(item.problem) }
    const message = accepted[next++]
    if (message !== undefined) return acceptedBody(message)
    return { error: problemBody(common ?? unanswered) }
  })
}

/** Of the others in a batch with a key, of which one has to be sent again. */
function refusedWhole(checked: readonly Verdict[]): Problem {
  const limit = checked.find(isLimited)?.problem
  const detail = 'Some messages of this batch cannot be taken now: send the whole batch again.'
  return limit === undefined ? passingProblem('overloaded', detail, 1) : { ...limit, detail }
}

const unanswered: Problem = { kind: 'internal-error', detail: 'The message was not accepted.' }

/** Whether it may be accepted when it is sent again. */
function isPassing(verdict: Verdict): verdict is Failure {
  return isLimited(verdict) || (!isCandidate(verdict) && statusOf(verdict) === 503)
}

function isLimited(verdict: Verdict): verdict is Failure {
  return !isCandidate(verdict) && statusOf(verdict) === 429
}

function statusOf({ problem }: Failure): number {
  return problemKinds[problem.kind].status
}
