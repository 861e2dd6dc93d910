/**
 * The queue inside one process, for `standalone` and the simulation. Nothing in it outlives the process: after a
 * restart the sweep finds what was queued. It holds what the API lets in; that limit is its bound.
 */
import { shareCounts } from '../../domain/fair-share.ts'
import type { Lane } from '../../domain/message.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { CorruptEntryListener, Queue } from '../queue.ts'
import { createMemoryLane, type MemoryLane } from './memory-lane.ts'

export interface MemoryQueueOptions {
  readonly clock: Clock
  readonly onCorrupt?: CorruptEntryListener
}

export function createMemoryQueue({ clock, onCorrupt }: MemoryQueueOptions): Queue {
  const lanes: Record<Lane, MemoryLane> = { normal: newLane('normal'), express: newLane('express') }
  let closed = false

  function newLane(lane: Lane): MemoryLane {
    return createMemoryLane(clock, shareCounts[lane], (receipt, reason) =>
      onCorrupt?.(lane, receipt, reason),
    )
  }

  function open(lane: Lane): MemoryLane {
    if (closed) throw new Error('the queue is closed')
    return lanes[lane]
  }

  return {
    async append(lane, ids, shares) {
      open(lane).append(ids, shares)
    },
    reader(lane) {
      const closing = new AbortController()
      return {
        async read(countMax, blockMs, signal) {
          if (closing.signal.aborted) throw new Error('the reader is closed')
          return open(lane).read(Math.floor(countMax), blockMs, [signal, closing.signal])
        },
        async close() {
          closing.abort()
        },
      }
    },
    async acknowledge(lane, receipts) {
      open(lane).acknowledge(receipts)
    },
    async reclaim(lane, _consumer, idleMsMin, countMax) {
      return open(lane).reclaim(idleMsMin, countMax)
    },
    async depth(lane) {
      return open(lane).depth()
    },
    async ping() {
      open('normal')
    },
    async close() {
      closed = true
      lanes.normal.close()
      lanes.express.close()
    },
  }
}
