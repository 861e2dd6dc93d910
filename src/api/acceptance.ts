/**
 * Accepting messages: what arrives at about the same time is committed in one statement and enqueued in one call a lane.
 * A message is accepted when it is committed. When the queue does not take it, the sweep enqueues it later.
 */
import { isForLater, type Lane, lanes, type MessageId, type NewMessage } from '../domain/message.ts'
import type { Outstanding } from '../domain/outstanding.ts'
import type { Queue } from '../queue/queue.ts'
import { BatcherFullError, createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { beginBatch, type Tracing, within } from '../runtime/tracing.ts'
import type { KeyedRequest, StoredAnswer } from '../store/idempotency-keys.ts'
import type { Store } from '../store/store.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { createEnqueuer, type Enqueued } from './enqueuer.ts'
import { createRequestAcceptance } from './request-acceptance.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'
import type { OwnedSubmit } from './submit-candidate.ts'

export interface AcceptanceOptions {
  readonly store: Pick<Store, 'insertMessages' | 'insertRequests' | 'findKeyed'>
  readonly queue: Pick<Queue, 'append'>
  /** Chooses the share of each message in its lane. */
  readonly outstanding: Readonly<Record<Lane, Outstanding>>
  readonly classify: ClassifyDatabaseError
  readonly metrics: ApiMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** While so many messages are being accepted, more are refused. */
  readonly acceptInFlightMax: number
  readonly validityMs: number
  readonly senderIdDefault: string | null
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
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

/** Messages in one statement: beyond this a larger batch is not cheaper, and makes the next one wait. */
const batchMax = 1_000
/** One statement is prepared while another is committed; more only make the batches smaller. */
const flightsMax = 2
const lingerMs = 1
/** A message that would wait longer for its commit is refused: its caller had better come back than give up unanswered. */
const waitMsMax = 1_000
/** Batches committed and not yet in the queue. */
const enqueueingsMax = 4

const full = () => new BatcherFullError('as many messages are being accepted as may be')

export function createAcceptance(options: AcceptanceOptions): Acceptance {
  const { store, classify, metrics, clock, validityMs, senderIdDefault, tracing } = options
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

  const requests = createRequestAcceptance({
    store,
    classify,
    pendingMax: options.acceptInFlightMax,
    validityMs,
    tracing,
    async onCommitted(messages) {
      metrics.acceptBatchSize.observe(messages.length)
      await committed(messages)
    },
  })

  const isFull = () =>
    batcher.isFull || batcher.pending + requests.pending >= options.acceptInFlightMax

  async function commit(messages: readonly NewMessage[]): Promise<readonly NewMessage[]> {
    await within(beginBatch(tracing, 'accept batch', messages), () =>
      store.insertMessages(messages, validityMs),
    )
    await committed(messages)
    return messages
  }

  async function committed(messages: readonly NewMessage[]): Promise<void> {
    const ready: Record<Lane, { ids: MessageId[]; shares: number[] }> = {
      normal: { ids: [], shares: [] },
      express: { ids: [], shares: [] },
    }
    const counts: Record<Lane, number> = { normal: 0, express: 0 }
    const nowMs = clock.now()
    const monotonicMs = clock.monotonicMs()
    for (const message of messages) {
      const { lane, id, customerId } = message
      counts[lane]++
      // What is for later is put into the queue by the promoter.
      if (isForLater(message, nowMs)) continue
      ready[lane].ids.push(id)
      ready[lane].shares.push(options.outstanding[lane].place(customerId, monotonicMs))
    }
    for (const lane of lanes) if (counts[lane] > 0) metrics.accepted.inc({ lane }, counts[lane])
    await enqueueSoon(ready)
  }

  /**
   * The commit is what a caller waits for; the queue follows while the next batch is committed. Waits only when the queue is
   * several batches behind.
   */
  async function enqueueSoon(ready: Readonly<Record<Lane, Enqueued>>): Promise<void> {
    const enqueueing = enqueue(ready).finally(() => enqueueings.delete(enqueueing))
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
      ...(submit.charge === undefined ? {} : { charge: submit.charge }),
      ...(submit.traceparent === undefined ? {} : { traceparent: submit.traceparent }),
    }
  }

  /** All of them in one commit, and paid whole. */
  async function acceptPaid(messages: readonly NewMessage[]): Promise<readonly NewMessage[]> {
    if (isFull()) throw full()
    await requests.accept({ key: null, messages })
    return messages
  }

  return {
    get isFull() {
      return isFull()
    },
    async accept(submit, lane) {
      const message = newMessage(submit, lane)
      if (message.charge === undefined) await batcher.add(message)
      else await acceptPaid([message])
      return message
    },
    acceptGroup(submits) {
      const messages = submits.map(({ submit, lane }) => newMessage(submit, lane))
      const isFree = messages.every(({ charge }) => charge === undefined)
      return isFree ? batcher.addGroup(messages) : acceptPaid(messages)
    },
    async acceptKeyed(request, submits, respond) {
      if (isFull()) throw full()
      const messages = submits.map(({ submit, lane }) => newMessage(submit, lane))
      const stored = await requests.accept({ ...request, messages, response: respond(messages) })
      return stored ?? messages
    },
    async findKeyed(scope, key) {
      return (await store.findKeyed([{ scope, key }]))[0] ?? null
    },
    async close() {
      await Promise.all([batcher.close(), requests.close()])
      await Promise.all(enqueueings)
    },
  }
}
