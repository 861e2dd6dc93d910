/** One lane of the in-process queue: what is unread, what is pending, who waits. */
import { isMessageId } from '../../domain/message-id.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { QueueDepth, QueueEntry } from '../queue.ts'
import { createFifo } from './fifo.ts'

interface Entry extends QueueEntry {
  readonly appendedAtMs: number
  /** The latest one; undefined before the first and after the acknowledgement. */
  delivery: Delivery | undefined
  removed: boolean
}

interface Delivery {
  readonly entry: Entry
  readonly deliveredAtMs: number
}

interface Waiter {
  readonly countMax: number
  readonly wake: (entries: QueueEntry[]) => void
}

export interface MemoryLane {
  append(ids: readonly string[]): void
  /** Resolves at the first entries; with `[]` after `blockMs`, when a signal aborts, at `close`. Never rejects. */
  read(countMax: number, blockMs: number, signals: readonly AbortSignal[]): Promise<QueueEntry[]>
  acknowledge(receipts: readonly string[]): void
  reclaim(idleMsMin: number, countMax: number): QueueEntry[]
  depth(): QueueDepth
  /** Ends all waits. */
  close(): void
}

export function createMemoryLane(
  clock: Clock,
  onCorrupt: (receipt: string, reason: string) => void,
): MemoryLane {
  const unread = createFifo<Entry>()
  const pending = new Map<string, Entry>()
  /** All entries in order of arrival; removed ones leave when they come to the head. */
  const arrivals = createFifo<Entry>()
  /** In order of time; outdated ones leave when they come to the head. */
  const deliveries = createFifo<Delivery>()
  const waiters = new Set<Waiter>()
  let lastReceipt = 0

  function append(ids: readonly string[]): void {
    const appendedAtMs = clock.now()
    for (const id of ids) {
      const receipt = String(++lastReceipt)
      const entry: Entry = { receipt, id, appendedAtMs, delivery: undefined, removed: false }
      unread.push(entry)
      arrivals.push(entry)
    }
    for (const waiter of waiters) {
      if (unread.length === 0) return
      const entries = take(waiter.countMax)
      if (entries.length > 0) waiter.wake(entries)
    }
  }

  function take(countMax: number): QueueEntry[] {
    const taken: QueueEntry[] = []
    while (taken.length < countMax) {
      const entry = unread.shift()
      if (entry === undefined) break
      if (isMessageId(entry.id)) {
        pending.set(entry.receipt, entry)
        taken.push(deliver(entry))
      } else {
        remove(entry)
        onCorrupt(entry.receipt, 'not a message id')
      }
    }
    return taken
  }

  function deliver(entry: Entry): QueueEntry {
    entry.delivery = { entry, deliveredAtMs: clock.monotonicMs() }
    deliveries.push(entry.delivery)
    return { receipt: entry.receipt, id: entry.id }
  }

  function remove(entry: Entry): void {
    entry.removed = true
    entry.delivery = undefined
    while (arrivals.peek()?.removed) arrivals.shift()
    dropOutdatedDeliveries()
  }

  function dropOutdatedDeliveries(): void {
    for (;;) {
      const oldest = deliveries.peek()
      if (oldest === undefined || oldest.entry.delivery === oldest) return
      deliveries.shift()
    }
  }

  function wait(
    countMax: number,
    blockMs: number,
    signals: readonly AbortSignal[],
  ): Promise<QueueEntry[]> {
    return new Promise((resolve) => {
      const waiter: Waiter = { countMax, wake }
      const timer = setTimeout(giveUp, blockMs)
      function wake(entries: QueueEntry[]): void {
        clearTimeout(timer)
        for (const signal of signals) signal.removeEventListener('abort', giveUp)
        waiters.delete(waiter)
        resolve(entries)
      }
      function giveUp(): void {
        wake([])
      }
      for (const signal of signals) signal.addEventListener('abort', giveUp)
      waiters.add(waiter)
    })
  }

  return {
    append,
    read(countMax, blockMs, signals) {
      if (signals.some((signal) => signal.aborted)) return Promise.resolve([])
      const entries = take(countMax)
      if (entries.length > 0 || blockMs <= 0 || countMax < 1) return Promise.resolve(entries)
      return wait(countMax, blockMs, signals)
    },
    acknowledge(receipts) {
      for (const receipt of receipts) {
        const entry = pending.get(receipt)
        if (entry === undefined) continue
        pending.delete(receipt)
        remove(entry)
      }
    },
    reclaim(idleMsMin, countMax) {
      const deliveredAtMsMax = clock.monotonicMs() - idleMsMin
      const idle: Entry[] = []
      while (idle.length < countMax) {
        dropOutdatedDeliveries()
        const oldest = deliveries.peek()
        if (oldest === undefined || oldest.deliveredAtMs > deliveredAtMsMax) break
        deliveries.shift()
        idle.push(oldest.entry)
      }
      return idle.map(deliver)
    },
    depth() {
      const oldest = arrivals.peek()
      return {
        total: unread.length + pending.size,
        pending: pending.size,
        oldestAgeMs: oldest === undefined ? null : clock.now() - oldest.appendedAtMs,
      }
    },
    close() {
      for (const waiter of waiters) waiter.wake([])
    },
  }
}
