/**
 * Recording what became of claimed messages. Settlements are batched into single commits; only after the commit is the queue
 * entry acknowledged and the permit given back. While PostgreSQL is away the recorder keeps trying: permits stay taken, so
 * reading stops, and nothing is acknowledged that was not recorded.
 */
import type { Lane } from '../domain/message.ts'
import type { Queue } from '../queue/queue.ts'
import { type Batcher, createBatcher } from '../runtime/batcher.ts'
import type { Logger } from '../runtime/logger.ts'
import { retry } from '../runtime/retry.ts'
import { beginBatch, type Tracing, within } from '../runtime/tracing.ts'
import type { SentSettlement, SettledMessage, UnsentSettlement } from '../store/settlements.ts'
import type { Store } from '../store/store.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'

export interface RecorderOptions {
  readonly store: Pick<Store, 'settleSent' | 'settleUnsent'>
  readonly queue: Pick<Queue, 'acknowledge'>
  readonly reportTimeoutMs: number
  readonly metrics: ProcessorMetrics
  readonly logger: Logger
  /** Whether PostgreSQL refuses a value in the statement, so that trying again cannot help. */
  readonly isDataFault: (error: unknown) => boolean
  /** Aborts when the process must end: what could not be recorded then stays unrecorded, and is recovered later. */
  readonly recordSignal: AbortSignal
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

export interface Recorder {
  /** Resolves when it is committed. @throws when it could not be recorded before the process had to end */
  recordSent(lane: Lane, settlement: SentSettlement, traceparent: string | null): Promise<void>
  recordUnsent(settlement: UnsentSettlement, traceparent: string | null): Promise<void>
  /** In the background, batched, and tried again while the queue is away. */
  acknowledge(lane: Lane, receipt: string): void
  /** Writes what is gathered; a queue that is away is tried once more. */
  close(): Promise<void>
}

interface Settled {
  readonly id: string
  readonly lane: Lane
  readonly provider: string | null
}

interface Traced {
  readonly traceparent: string | null
}

const batchMax = 1_000
const lingerMs = 8
const retryPauseMs = 200
/** The longest wait between two tries to record what became of messages. */
export const recordPauseMsMax = 500
const acknowledgePauseMs = 100
const acknowledgePauseMsMax = 1_000
/** Never reached: the permits bound it, and for acknowledgements that nothing is read while the queue is away. */
const pendingMax = 1_000_000

export function createRecorder(options: RecorderOptions): Recorder {
  const { store, queue, metrics, logger, isDataFault, recordSignal, tracing } = options

  /** Tries until it is recorded, or refused for what is in it: the batcher then finds the one that has the fault. */
  function persist<T>(what: string, settle: () => Promise<T>): Promise<T> {
    return retry(settle, {
      pauseMs: retryPauseMs,
      pauseMsMax: recordPauseMsMax,
      signal: recordSignal,
      isFinal: isDataFault,
      onFailure(error, attempt) {
        metrics.settleRetries.inc()
        logger.error({ event: 'settle.failed', what, attempt, err: error })
      },
    })
  }

  /** A settlement that moved nothing came too late: a report, or another claim, was first. */
  function countSettled<T extends Settled>(
    items: readonly T[],
    settled: readonly SettledMessage[],
    statusOf: (item: T) => string,
  ): void {
    const moved = new Set(settled.map((message) => message.id))
    const counts = new Map<string, { readonly item: T; readonly status: string; count: number }>()
    for (const item of items) {
      const status = moved.has(item.id) ? statusOf(item) : 'superseded'
      const key = `${item.lane} ${item.provider} ${status}`
      const entry = counts.get(key)
      if (entry === undefined) counts.set(key, { item, status, count: 1 })
      else entry.count++
    }
    for (const { item, status, count } of counts.values()) {
      const { lane, provider } = item
      metrics.settled.inc({ lane, provider: provider ?? 'none', status }, count)
      if (status === 'failed') metrics.deadLettered.inc({ lane }, count)
    }
  }

  const sent = createBatcher<SentSettlement & Traced & { readonly lane: Lane }, undefined>({
    name: 'settle sent',
    batchMax,
    pendingMax,
    flightsMax: 1,
    lingerMs,
    run: async (items) => {
      const settled = await within(beginBatch(tracing, 'settle batch', items), () =>
        persist('sent', () => store.settleSent(items, options.reportTimeoutMs)),
      )
      countSettled(items, settled, () => 'sent')
      return items.map(() => undefined)
    },
    isItemFault: isDataFault,
    onBatch: (size) => metrics.batchSize.observe({ statement: 'settle_sent' }, size),
  })

  const unsent = createBatcher<UnsentSettlement & Traced, undefined>({
    name: 'settle unsent',
    batchMax,
    pendingMax,
    flightsMax: 1,
    lingerMs,
    run: async (items) => {
      const settled = await within(beginBatch(tracing, 'settle batch', items), () =>
        persist('unsent', () => store.settleUnsent(items)),
      )
      countSettled(items, settled, (item) => item.result)
      return items.map(() => undefined)
    },
    isItemFault: isDataFault,
    onBatch: (size) => metrics.batchSize.observe({ statement: 'settle_unsent' }, size),
  })

  const closing = new AbortController()
  const acknowledgers: Record<Lane, Batcher<string, undefined>> = {
    normal: createAcknowledger('normal'),
    express: createAcknowledger('express'),
  }

  /** Tries until the queue takes them: what stays unacknowledged keeps the sweep from whatever is younger until the reclaim. */
  function createAcknowledger(lane: Lane): Batcher<string, undefined> {
    return createBatcher<string, undefined>({
      name: `acknowledge ${lane}`,
      batchMax,
      pendingMax,
      flightsMax: 1,
      lingerMs,
      run: async (receipts) => {
        await retry(() => queue.acknowledge(lane, receipts), {
          pauseMs: acknowledgePauseMs,
          pauseMsMax: acknowledgePauseMsMax,
          signal: closing.signal,
          isFinal: () => false,
          onFailure(error, attempt) {
            const { length } = receipts
            logger.debug({ event: 'acknowledge.failed', lane, count: length, attempt, err: error })
          },
        })
        return receipts.map(() => undefined)
      },
    })
  }

  return {
    async recordSent(lane, settlement, traceparent) {
      await sent.add({ ...settlement, lane, traceparent })
    },
    async recordUnsent(settlement, traceparent) {
      await unsent.add({ ...settlement, traceparent })
    },
    acknowledge(lane, receipt) {
      // It will be delivered again, claim nothing, and be acknowledged then.
      acknowledgers[lane].add(receipt).catch(() => undefined)
    },
    async close() {
      await Promise.all([sent.close(), unsent.close()])
      closing.abort()
      await Promise.all([acknowledgers.normal.close(), acknowledgers.express.close()])
    },
  }
}
