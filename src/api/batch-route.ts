/** Submitting many messages at once: each is checked, refused or accepted for itself, and answered in its place. */
import type { Lane, NewMessage } from '../domain/message.ts'
import { type Caller, deniedReason, isProblem } from './caller.ts'
import { customerFaults, type OwnedSubmit, withCustomer } from './customer-of-submit.ts'
import { bodyFaults, faultsListedMax, invalidRequest } from './faults.ts'
import { fingerprintOf, idempotencyKeyOf, type KeyedSubmit, keyedResponse } from './idempotency.ts'
import { batchEnvelopeSchema, batchItemSchema } from './message-schemas.ts'
import {
  type Fault,
  type Problem,
  passingProblem,
  problemBody,
  problemKinds,
  problemResponse,
} from './problems.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { inFlightFull, storeFailure } from './store-failure.ts'
import { acceptedBody, messagesPath, type SubmitOptions } from './submit-routes.ts'
import { segmentFaults, textOf } from './text-of-submit.ts'
import { timingOf } from './timing-of-submit.ts'

/** Longest body of a batch: 10,000 messages of the usual lengths. */
export const batchBytesMax = 16 * 1_048_576

export const batchPath = `${messagesPath}/batch`

interface Candidate {
  readonly submit: OwnedSubmit
  readonly lane: Lane
}

export function batchRoute(options: SubmitOptions): Route {
  const {
    access,
    readJson,
    text,
    timing: timingRules,
    acceptance,
    once,
    admission,
    classify,
    metrics,
    clock,
  } = options
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
    const checked = checkItems(envelope.data.messages, caller)
    const candidates = checked.filter(isCandidate)
    if (key !== null) {
      const fingerprint = fingerprintOf(batchPath, body.bytes)
      return await submitOnce({ key, fingerprint, caller }, checked, startedAtMs, requestId)
    }
    const outcome = candidates.length === 0 ? [] : await acceptAll(candidates)
    if (Array.isArray(outcome)) observe(startedAtMs)
    return answer(checked, outcome, requestId)
  }

  async function submitOnce(
    keyed: Pick<KeyedSubmit, 'key' | 'fingerprint' | 'caller'>,
    checked: readonly (Candidate | Problem)[],
    startedAtMs: number,
    requestId: string,
  ): Promise<Response> {
    const submits = checked.filter(isCandidate)
    try {
      // What passes must not be kept as the answer for a day; and what was accepted may be of another time.
      if (submits.length === 0 || checked.some((item) => !isCandidate(item) && isPassing(item))) {
        const recalled = await once.recall(keyed)
        if (recalled?.kind === 'replayed') return keyedResponse(recalled)
        return answer(checked, submits.length === 0 ? [] : refusedWhole, requestId)
      }
      const respond = (messages: readonly NewMessage[]) =>
        JSON.stringify({ messages: itemBodies(checked, messages, null) })
      const outcome = await once.accept({ ...keyed, submits, respond })
      if (outcome.kind === 'accepted') observe(startedAtMs)
      if (outcome.kind !== 'refused') return keyedResponse(outcome)
      metrics.refused.inc({ reason: 'idempotency' }, submits.length)
      return problemResponse(outcome.problem, requestId)
    } catch (error) {
      return answer(checked, failureOf(error, submits.length), requestId)
    }
  }

  function observe(startedAtMs: number): void {
    duration.observe((clock.monotonicMs() - startedAtMs) / 1000)
  }

  function checkItems(items: readonly unknown[], caller: Caller): readonly (Candidate | Problem)[] {
    let faultsLeft = faultsListedMax
    return items.map((item, index) => {
      const parsed = batchItemSchema.safeParse(item)
      const place = `/messages/${index}`
      // At least one, so that a faulty item always says why.
      const countMax = Math.max(1, faultsLeft)
      if (parsed.success) parsed.data.message = textOf(parsed.data, text)
      const times: Fault[] = []
      const timing = parsed.success
        ? timingOf(parsed.data, timingRules, clock.now(), times, place)
        : undefined
      const faults = [
        ...times,
        ...(parsed.success ? segmentFaults(parsed.data.message, text, place) : []),
        ...(parsed.success ? [] : bodyFaults(parsed.error, place, countMax)),
        ...customerFaults(item, caller, place),
      ].slice(0, countMax)
      if (!parsed.success || faults.length > 0) {
        metrics.refused.inc({ reason: 'invalid' })
        faultsLeft -= faults.length
        return invalidRequest(faults)
      }
      const lane = parsed.data.lane ?? 'normal'
      const full = admission.refusal(lane)
      if (full === null) return { submit: withCustomer(parsed.data, caller, timing), lane }
      metrics.refused.inc({ reason: 'queue_full' })
      return full
    })
  }

  /** The accepted messages, or the problem all of them have. */
  async function acceptAll(
    candidates: readonly Candidate[],
  ): Promise<readonly NewMessage[] | Problem> {
    try {
      return await acceptance.acceptGroup(candidates)
    } catch (error) {
      return failureOf(error, candidates.length)
    }
  }

  /** @throws the error, when it is a defect of ours */
  function failureOf(error: unknown, count: number): Problem {
    const failure = storeFailure(error, classify)
    metrics.refused.inc({ reason: failure?.reason ?? 'failure' }, count)
    if (failure === null) throw error
    return failure.problem
  }

  return { method: 'POST', path: batchPath, handle: submitBatch }
}

/** 202 when a message was accepted; else the problem that passes, if there is one, or that of faulty messages. */
function answer(
  checked: readonly (Candidate | Problem)[],
  outcome: readonly NewMessage[] | Problem,
  requestId: string,
): Response {
  const accepted = 'kind' in outcome ? [] : outcome
  const common = 'kind' in outcome ? outcome : null
  const messages = itemBodies(checked, accepted, common)
  if (accepted.length > 0) return jsonResponse({ messages }, 202)
  const passing = [common, ...checked].find(
    (item): item is Problem => item !== null && !isCandidate(item) && isPassing(item),
  )
  const problem: Problem = passing ?? {
    kind: 'no-message-accepted',
    detail: 'Every message has faults; messages lists them in order.',
  }
  return problemResponse({ ...problem, extensions: { messages } }, requestId)
}

/** @param common the problem of all that have no other and are not accepted */
function itemBodies(
  checked: readonly (Candidate | Problem)[],
  accepted: readonly NewMessage[],
  common: Problem | null,
) {
  let next = 0
  return checked.map((item) => {
    if (!isCandidate(item)) return { error: problemBody(item) }
    const message = accepted[next++]
    if (message !== undefined) return acceptedBody(message)
    return { error: problemBody(common ?? unanswered) }
  })
}

/** Of the others in a batch with a key, of which one has to be sent again. */
const refusedWhole: Problem = passingProblem(
  'overloaded',
  'Some messages of this batch cannot be taken now: send the whole batch again.',
  1,
)

const unanswered: Problem = { kind: 'internal-error', detail: 'The message was not accepted.' }

function isCandidate(item: Candidate | Problem): item is Candidate {
  return 'submit' in item
}

function isPassing(problem: Problem): boolean {
  return problemKinds[problem.kind].status === 503
}
