/** One lane of the in-process queue: what is unread, what is pending, who waits. */
import { isMessageId } from '../../domain/message-id.ts'
import type { Clock } from '../../runtime/clock.ts'
import { oldestOf, type QueueDepth, type QueueEntry } from '../queue.ts'
import { createFifo, type Fifo } from './fifo.ts'

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

interface Share {
  readonly unread: Fifo<Entry>
  /** All entries in order of arrival; removed ones leave when they come to the head. */
  readonly arrivals: Fifo<Entry>
}

export interface MemoryLane {
  append(ids: readonly string[], shares?: readonly number[]): void
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
  shareCount: number,
  onCorrupt: (receipt: string, reason: string) => void,
): MemoryLane {
  const lane: readonly Share[] = Array.from({ length: shareCount }, () => ({
    unread: createFifo<Entry>(),
    arrivals: createFifo<Entry>(),
  }))
  /** The share whose turn it is. */
  let turn = 0
  const pending = new Map<string, Entry>()
  /** In order of time; outdated ones leave when they come to the head. */
  const deliveries = createFifo<Delivery>()
  const waiters = new Set<Waiter>()
  let lastReceipt = 0

  function append(ids: readonly string[], shares: readonly number[] = []): void {
    const appendedAtMs = clock.now()
    for (const [place, id] of ids.entries()) {
      const share = shares[place] ?? 0
      const receipt = String(++lastReceipt)
      const entry: Entry = { receipt, id, share, appendedAtMs, delivery: undefined, removed: false }
      shareAt(share).unread.push(entry)
      shareAt(share).arrivals.push(entry)
    }
    for (const waiter of waiters) {
      if (nextUnread() === undefined) return
      const entries = take(waiter.countMax)
      if (entries.length > 0) waiter.wake(entries)
    }
  }

  function shareAt(index: number): Share {
    const share = lane[index]
    if (share === undefined) throw new Error(`the lane has no share ${index}`)
    return share
  }

  /** One of each share in turn, so that all that have any give as much. */
  function nextUnread(): Entry | undefined {
    for (let tried = 0; tried < shareCount; tried++) {
      const entry = lane[turn]?.unread.peek()
      if (entry !== undefined) return entry
      turn = (turn + 1) % shareCount
    }
    return undefined
  }

  function take(countMax: number): QueueEntry[] {
    const taken: QueueEntry[] = []
    while (taken.length < countMax) {
      const entry = nextUnread()
      if (entry === undefined) break
      lane[turn]?.unread.shift()
      turn = (turn + 1) % shareCount
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
    return { receipt: entry.receipt, id: entry.id, share: entry.share }
  }

  function remove(entry: Entry): void {
    entry.removed = true
    entry.delivery = undefined
    const { arrivals } = shareAt(entry.share)
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
      const shareAgesMs = lane.map(({ arrivals }) => {
        const oldest = arrivals.peek()
        return oldest === undefined ? null : clock.now() - oldest.appendedAtMs
      })
      const unread = lane.reduce((count, share) => count + share.unread.length, 0)
      return {
        total: unread + pending.size,
        pending: pending.size,
        oldestAgeMs: oldestOf(shareAgesMs),
        shareAgesMs,
      }
    },
    close() {
      for (const waiter of waiters) waiter.wake([])
    },
  }
}
