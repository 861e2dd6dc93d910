/**
 * Accepting requests that have to be more than their messages: once only, because they have an idempotency key, or paid whole, because
 * their messages cost something. Those that come at about the same time are committed together.
 */
import type { NewMessage } from '../domain/message.ts'
import { BatcherFullError, createBatcher } from '../runtime/batcher.ts'
import { beginBatch, type Tracing, within } from '../runtime/tracing.ts'
import type { AcceptableRequest, KeyedRequest, StoredAnswer } from '../store/idempotency-keys.ts'
import type { Store } from '../store/store.ts'
import { type ClassifyDatabaseError, InsufficientBalanceError } from './store-failure.ts'

export interface RequestAcceptanceOptions {
  readonly store: Pick<Store, 'insertRequests' | 'findKeyed'>
  readonly classify: ClassifyDatabaseError
  readonly pendingMax: number
  readonly validityMs: number
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
  /** Before anybody is told. */
  readonly onCommitted: (messages: readonly NewMessage[]) => Promise<void>
}

export interface RequestAcceptance {
  /** Messages in work. */
  readonly pending: number
  /** What is stored under the key, when it is known; null: the request was accepted. @throws what `storeFailure` explains */
  accept(request: AcceptableRequest): Promise<StoredAnswer | null>
  close(): Promise<void>
}

type Result = { readonly stored: StoredAnswer | null } | { readonly error: unknown }

/** Requests in one batch; most have one message. */
const requestsMax = 500
/** Messages in one statement, but for a request that has more. */
const messagesMax = 1_000
/** One is prepared while another is committed, though it waits for the account where both are of one customer. */
const flightsMax = 2
/**
 * The statement costs three times one of plain messages, and half of it whatever is in it: under load it is worth more waiting. From this
 * size on, so that it is not for some thousand messages a second, which are committed as they come.
 */
const lingerMs = 5
const lingerFromSize = 16
/** A request that would wait longer for its commit is refused. */
const waitMsMax = 1_000

const accepted: Result = { stored: null }
/** The key was there, and gone when its answer was read: a repetition will be the first. */
const forgotten: Result = { error: new BatcherFullError('the answer was just forgotten') }

const isKeyed = (request: AcceptableRequest): request is KeyedRequest => request.key !== null

export function createRequestAcceptance(options: RequestAcceptanceOptions): RequestAcceptance {
  const { store, classify, validityMs, onCommitted, tracing } = options
  let pending = 0
  const batcher = createBatcher<AcceptableRequest, Result>({
    name: 'accept requests',
    batchMax: requestsMax,
    pendingMax: options.pendingMax,
    waitMsMax,
    flightsMax,
    lingerMs,
    lingerFromSize,
    run: commit,
  })

  /** In steps of about `messagesMax` messages. What goes wrong in one is no other's. */
  async function commit(requests: readonly AcceptableRequest[]): Promise<Result[]> {
    const results: Result[] = []
    for (let start = 0; start < requests.length; ) {
      let end = start
      for (let count = 0; end < requests.length && (end === start || count < messagesMax); end++) {
        count += requests[end]?.messages.length ?? 0
      }
      results.push(...(await commitStep(requests.slice(start, end))))
      start = end
    }
    return results
  }

  async function commitStep(requests: readonly AcceptableRequest[]): Promise<Result[]> {
    const results = new Map<AcceptableRequest, Result>()
    try {
      // Who was refused only because of those before is tried again: at least one more is accepted each time.
      for (let left = requests; left.length > 0; ) left = await commitOnce(left, results)
      await answerKnown(requests, results)
    } catch (error) {
      const left = requests.filter((request) => !results.has(request))
      if (left.length > 1 && classify(error) === 'data') {
        for (const request of left) {
          const [result = forgotten] = await commitStep([request])
          results.set(request, result)
        }
      } else {
        for (const request of left) results.set(request, { error })
      }
    }
    return requests.map((request) => results.get(request) ?? forgotten)
  }

  /** Those that are to be tried again. */
  async function commitOnce(
    requests: readonly AcceptableRequest[],
    results: Map<AcceptableRequest, Result>,
  ): Promise<readonly AcceptableRequest[]> {
    const messages = tracing === null ? [] : requests.flatMap((request) => request.messages)
    const outcomes = await within(beginBatch(tracing, 'accept batch', messages), () =>
      store.insertRequests(requests, validityMs),
    )
    const of = (wanted: string) => requests.filter((_, place) => outcomes[place] === wanted)
    const taken = of('taken')
    for (const request of taken) results.set(request, accepted)
    for (const request of of('short')) {
      results.set(request, { error: new InsufficientBalanceError('the balance is too low') })
    }
    if (taken.length > 0) await onCommitted(taken.flatMap(({ messages }) => messages))
    return of('again')
  }

  /** Also of those that cannot be paid now: they may have been before. */
  async function answerKnown(
    requests: readonly AcceptableRequest[],
    results: Map<AcceptableRequest, Result>,
  ): Promise<void> {
    const known = requests.filter(isKeyed).filter((request) => results.get(request) !== accepted)
    if (known.length === 0) return
    const found = await findAnswers(known)
    for (const [place, request] of known.entries()) {
      const answer = found[place]
      if (answer !== undefined && answer !== forgotten) results.set(request, answer)
    }
  }

  async function findAnswers(requests: readonly KeyedRequest[]): Promise<Result[]> {
    try {
      const found = await store.findKeyed(requests)
      return found.map((stored) => (stored === null ? forgotten : { stored }))
    } catch (error) {
      return requests.map(() => ({ error }))
    }
  }

  return {
    get pending() {
      return pending
    },
    async accept(request) {
      const count = request.messages.length
      pending += count
      try {
        const result = await batcher.add(request)
        if ('error' in result) throw result.error
        return result.stored
      } finally {
        pending -= count
      }
    },
    close: () => batcher.close(),
  }
}
