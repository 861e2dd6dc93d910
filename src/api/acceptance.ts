/**
 * Accepting messages: what arrives at about the same time is committed in one statement and enqueued in one call a lane.
 * A message is accepted when it is committed. When the queue does not take it, the sweep enqueues it later.
 */
import { type Lane, lanes, type MessageId, type NewMessage } from '../domain/message.ts'
import type { Queue } from '../queue/queue.ts'
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import type { ApiMetrics } from './api-metrics.ts'
import type { OwnedSubmit } from './customer-of-submit.ts'
import { createEnqueuer } from './enqueuer.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'

export interface AcceptanceOptions {
  readonly store: Pick<Store, 'insertMessages'>
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
  /** The message's id, once it is committed. @throws what `storeFailure` explains */
  accept(submit: OwnedSubmit, lane: Lane): Promise<MessageId>
  /** All of them in one commit, or none. */
  acceptGroup(
    submits: readonly { submit: OwnedSubmit; lane: Lane }[],
  ): Promise<readonly NewMessage[]>
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

  async function commit(messages: readonly NewMessage[]): Promise<readonly NewMessage[]> {
    await store.insertMessages(messages, validityMs)
    const ids: Record<Lane, MessageId[]> = { normal: [], express: [] }
    for (const { lane, id } of messages) ids[lane].push(id)
    for (const lane of lanes)
      if (ids[lane].length > 0) metrics.accepted.inc({ lane }, ids[lane].length)
    await enqueueSoon(ids)
    return messages
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
    }
  }

  return {
    get isFull() {
      return batcher.isFull
    },
    async accept(submit, lane) {
      const message = newMessage(submit, lane)
      await batcher.add(message)
      return message.id
    },
    acceptGroup: (submits) =>
      batcher.addGroup(submits.map(({ submit, lane }) => newMessage(submit, lane))),
    async close() {
      await batcher.close()
      await Promise.all(enqueueings)
    },
  }
}
