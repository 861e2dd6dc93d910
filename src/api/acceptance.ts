/**
 * Accepting messages: what arrives at about the same time is committed in one statement and enqueued in one call a lane.
 * A message is accepted when it is committed. When the queue does not take it, the sweep enqueues it later.
 */
import { isForLater, type Lane, lanes, type MessageId, type NewMessage } from '../domain/message.ts'
import type { Queue } from '../queue/queue.ts'
import { BatcherFullError, createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { KeyedRequest, StoredAnswer } from '../store/idempotent-inserts.ts'
import type { Store } from '../store/store.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { createEnqueuer } from './enqueuer.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'
import type { OwnedSubmit } from './submit-candidate.ts'

export interface AcceptanceOptions {
  readonly store: Pick<Store, 'insertMessages' | 'insertKeyed' | 'findKeyed'>
  readonly queue: Pick<Queue, 'append'>
  readonly classify: ClassifyDatabaseError
  readonly metrics: ApiMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** While so many messages are being accepted, more are refused. */
  readonly acceptInFlightMax: number
  readonly validityMs: number
  readonly senderIdDefault: string | null
}

export interface Acceptance {
  /** Whether a message would be refused now: too many are being accepted, or the database takes too long. */
  readonly isFull: boolean
  /** The message, once it is committed. @throws what `storeFailure` explains */
  accept(submit: OwnedSubmit, lane: Lane): Promise<NewMessage>
  /** All of them in one commit, or none. */
  acceptGroup(
    submits: readonly { submit: OwnedSubmit; lane: Lane }[],
  ): Promise<readonly NewMessage[]>
  /**
   * All of them in one commit with the key and with the answer that `respond` makes of them; or none, when the key is known: then
   * what is stored under it.
   */
  acceptKeyed(
    request: Omit<KeyedRequest, 'messages' | 'response'>,
    submits: readonly { submit: OwnedSubmit; lane: Lane }[],
    respond: (messages: readonly NewMessage[]) => string,
  ): Promise<StoredAnswer | readonly NewMessage[]>
  /** What is stored under the key, or null. */
  findKeyed(scope: number, key: string): Promise<StoredAnswer | null>
  close(): Promise<void>
}

/** Null: the request was the first with its key. */
type KeyedResult = { readonly stored: StoredAnswer | null } | { readonly error: unknown }

/** The key was there, and gone when its answer was read: a repetition will be the first. */
const forgotten: KeyedResult = { error: new BatcherFullError('the answer was just forgotten') }

/** Messages in one statement: beyond this a larger batch is not cheaper, and makes the next one wait. */
const batchMax = 1_000
/** Requests in one batch of those with keys; most have one message. */
const keyedBatchMax = 500
/** One statement is prepared while another is committed; more only make the batches smaller. */
const flightsMax = 2
const lingerMs = 1
/** A message that would wait longer for its commit is refused: its caller had better come back than give up unanswered. */
const waitMsMax = 1_000
/** Batches committed and not yet in the queue. */
const enqueueingsMax = 4

export function createAcceptance(options: AcceptanceOptions): Acceptance {
  const { store, classify, metrics, clock, validityMs, senderIdDefault } = options
  const enqueue = createEnqueuer(options)
  const enqueueings = new Set<Promise<void>>()

  const batcher = createBatcher<NewMessage, NewMessage>({
    name: 'accept',
    batchMax,
    pendingMax: options.acceptInFlightMax,
    waitMsMax,
    flightsMax,
    lingerMs,
    run: commit,
    isItemFault: (error) => classify(error) === 'data',
    onBatch: (size) => metrics.acceptBatchSize.observe(size),
  })

  const keyed = createBatcher<KeyedRequest, KeyedResult>({
    name: 'accept with keys',
    batchMax: keyedBatchMax,
    pendingMax: options.acceptInFlightMax,
    waitMsMax,
    flightsMax,
    lingerMs,
    run: commitKeyed,
  })
  let keyedMessages = 0

  /** In steps of about `batchMax` messages. What goes wrong in one is no other's. */
  async function commitKeyed(requests: readonly KeyedRequest[]): Promise<KeyedResult[]> {
    const results: KeyedResult[] = []
    for (let start = 0; start < requests.length; ) {
      let end = start
      for (let count = 0; end < requests.length && (end === start || count < batchMax); end++) {
        count += requests[end]?.messages.length ?? 0
      }
      results.push(...(await commitStep(requests.slice(start, end))))
      start = end
    }
    return results
  }

  async function commitStep(requests: readonly KeyedRequest[]): Promise<KeyedResult[]> {
    let taken: readonly boolean[]
    try {
      taken = await store.insertKeyed(requests, validityMs)
    } catch (error) {
      if (requests.length > 1 && classify(error) === 'data') {
        const each: KeyedResult[] = []
        for (const request of requests) each.push(...(await commitStep([request])))
        return each
      }
      return requests.map(() => ({ error }))
    }
    const accepted = requests.flatMap(({ messages }, place) => (taken[place] ? messages : []))
    if (accepted.length > 0) {
      metrics.acceptBatchSize.observe(accepted.length)
      await committed(accepted)
    }
    const known = requests.filter((_, place) => !taken[place])
    const answers = known.length === 0 ? [] : await findAnswers(known)
    return taken.map((isTaken) => (isTaken ? { stored: null } : (answers.shift() ?? forgotten)))
  }

  async function findAnswers(requests: readonly KeyedRequest[]): Promise<KeyedResult[]> {
    try {
      const found = await store.findKeyed(requests)
      return found.map((stored) => (stored === null ? forgotten : { stored }))
    } catch (error) {
      return requests.map(() => ({ error }))
    }
  }

  const isFull = () =>
    batcher.isFull || batcher.pending + keyedMessages >= options.acceptInFlightMax

  async function commit(messages: readonly NewMessage[]): Promise<readonly NewMessage[]> {
    await store.insertMessages(messages, validityMs)
    await committed(messages)
    return messages
  }

  async function committed(messages: readonly NewMessage[]): Promise<void> {
    const ids: Record<Lane, MessageId[]> = { normal: [], express: [] }
    const counts: Record<Lane, number> = { normal: 0, express: 0 }
    const nowMs = clock.now()
    for (const message of messages) {
      counts[message.lane]++
      // What is for later is put into the queue by the promoter.
      if (!isForLater(message, nowMs)) ids[message.lane].push(message.id)
    }
    for (const lane of lanes) if (counts[lane] > 0) metrics.accepted.inc({ lane }, counts[lane])
    await enqueueSoon(ids)
  }

  /**
   * The commit is what a caller waits for; the queue follows while the next batch is committed. Waits only when the queue is
   * several batches behind.
   */
  async function enqueueSoon(ids: Readonly<Record<Lane, readonly MessageId[]>>): Promise<void> {
    const enqueueing = enqueue(ids).finally(() => enqueueings.delete(enqueueing))
    enqueueings.add(enqueueing)
    if (enqueueings.size > enqueueingsMax) await Promise.race(enqueueings)
  }

  /** The id is made here, so that its time is the time of acceptance. */
  function newMessage(submit: OwnedSubmit, lane: Lane): NewMessage {
    return {
      id: Bun.randomUUIDv7('hex', clock.now()),
      customerId: submit.customer_id,
      lane,
      recipient: submit.phone,
      senderId: submit.sender_id ?? senderIdDefault,
      text: submit.message,
      ...(submit.timing === undefined ? {} : { timing: submit.timing }),
    }
  }

  return {
    get isFull() {
      return isFull()
    },
    async accept(submit, lane) {
      const message = newMessage(submit, lane)
      await batcher.add(message)
      return message
    },
    acceptGroup: (submits) =>
      batcher.addGroup(submits.map(({ submit, lane }) => newMessage(submit, lane))),
    async acceptKeyed(request, submits, respond) {
      if (isFull()) throw new BatcherFullError('as many messages are being accepted as may be')
      const messages = submits.map(({ submit, lane }) => newMessage(submit, lane))
      keyedMessages += messages.length
      try {
        const result = await keyed.add({ ...request, messages, response: respond(messages) })
        if ('error' in result) throw result.error
        return result.stored ?? messages
      } finally {
        keyedMessages -= messages.length
      }
    },
    async findKeyed(scope, key) {
      return (await store.findKeyed([{ scope, key }]))[0] ?? null
    },
    async close() {
      await Promise.all([batcher.close(), keyed.close()])
      await Promise.all(enqueueings)
    },
  }
}
