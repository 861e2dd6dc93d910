/**
 * Requests with an Idempotency-Key are carried out once: the first is, and whoever repeats it is answered as it was. While it is
 * being worked on in this process a repetition is 409; in another process it waits for the commit and is then answered.
 */
import { hash } from 'node:crypto'
import { idempotencyKeyLengthMax, parseIdempotencyKey } from '../domain/idempotency.ts'
import type { NewMessage } from '../domain/message.ts'
import type { StoredAnswer } from '../store/idempotency-keys.ts'
import type { Acceptance } from './acceptance.ts'
import type { ApiMetrics } from './api-metrics.ts'
import type { Caller } from './caller.ts'
import { type Fault, type Problem, passingProblem } from './problems.ts'

const headerName = 'Idempotency-Key'

/** Of an answer that is given again. */
const replayedHeader = 'Idempotency-Replayed'

/** The key; null without one, or when it has a fault. */
export function idempotencyKeyOf(request: Request): {
  readonly key: string | null
  readonly faults: readonly Fault[]
} {
  const value = request.headers.get(headerName)
  const key = value === null ? null : parseIdempotencyKey(value)
  return { key, faults: value !== null && key === null ? [keyFault] : [] }
}

const keyFault: Fault = {
  header: headerName,
  detail: `must be a quoted string, or visible ASCII characters, of 1 to ${idempotencyKeyLengthMax}`,
}

/** What a key is kept for: the same address and the same bytes are the same request. */
export function fingerprintOf(path: string, body: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${path}\n`), body]), 'hex')
}

export interface KeyedSubmit {
  readonly key: string
  readonly fingerprint: string
  readonly caller: Caller
  readonly submits: Parameters<Acceptance['acceptGroup']>[0]
  /** What the body of the answer is kept as, when they are accepted with 202. */
  readonly respond: (messages: readonly NewMessage[]) => string
}

export type KeyedOutcome =
  | {
      readonly kind: 'accepted'
      readonly messages: readonly NewMessage[]
      readonly response: string
    }
  | { readonly kind: 'replayed'; readonly status: number; readonly response: string }
  | { readonly kind: 'refused'; readonly problem: Problem }

export interface Once {
  /** @throws what `storeFailure` explains */
  accept(submit: KeyedSubmit): Promise<KeyedOutcome>
  /**
   * For a request that would not be accepted now, because its time is over or a rule has changed: what it was answered when it was;
   * null when it never was. @throws what `storeFailure` explains
   */
  recall(request: Pick<KeyedSubmit, 'key' | 'fingerprint' | 'caller'>): Promise<KeyedOutcome | null>
}

export function createOnce(
  acceptance: Pick<Acceptance, 'acceptKeyed' | 'findKeyed'>,
  metrics: Pick<ApiMetrics, 'replayed'>,
): Once {
  /** As many as requests may be in work. */
  const running = new Set<string>()

  function outcomeOf(stored: StoredAnswer, fingerprint: string): KeyedOutcome {
    if (stored.fingerprint !== fingerprint) {
      return { kind: 'refused', problem: reused }
    }
    metrics.replayed.inc()
    return { kind: 'replayed', status: stored.status, response: stored.response }
  }

  return {
    async accept({ key, fingerprint, caller, submits, respond }) {
      const scope = scopeOf(caller)
      const place = `${scope} ${key}`
      if (running.has(place)) return { kind: 'refused', problem: inProgress }
      running.add(place)
      try {
        let response = ''
        const outcome = await acceptance.acceptKeyed(
          { scope, key, fingerprint, status: 202 },
          submits,
          (messages) => {
            response = respond(messages)
            return response
          },
        )
        return isStored(outcome)
          ? outcomeOf(outcome, fingerprint)
          : { kind: 'accepted', messages: outcome, response }
      } finally {
        running.delete(place)
      }
    },
    async recall({ key, fingerprint, caller }) {
      const stored = await acceptance.findKeyed(scopeOf(caller), key)
      return stored === null ? null : outcomeOf(stored, fingerprint)
    },
  }
}

/** Those who act for all customers share their keys. */
function scopeOf({ customerId }: Caller): number {
  return customerId ?? 0
}

/** The answer to a request that was accepted, now or before. */
export function keyedResponse(
  outcome: Exclude<KeyedOutcome, { kind: 'refused' }>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const isReplayed = outcome.kind === 'replayed'
  return new Response(outcome.response, {
    status: isReplayed ? outcome.status : 202,
    headers: {
      'content-type': 'application/json',
      ...headers,
      ...(isReplayed ? { [replayedHeader]: 'true' } : {}),
    },
  })
}

function isStored(outcome: StoredAnswer | readonly NewMessage[]): outcome is StoredAnswer {
  return 'fingerprint' in outcome
}

const retrySeconds = 1

const inProgress: Problem = passingProblem(
  'request-in-progress',
  'A request with this Idempotency-Key is being worked on: send it again later.',
  retrySeconds,
)

const reused: Problem = {
  kind: 'idempotency-key-reused',
  detail: 'The Idempotency-Key was used for a request with another address or body.',
}
