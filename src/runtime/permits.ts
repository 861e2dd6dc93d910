/**
 * A count of things that may be under way at once, part of it kept for priority work: ordinary work can never take
 * the reserve, so priority work always finds room.
 */
import { createNotifier } from './notifier.ts'

export interface PermitsOptions {
  readonly max: number
  /** Of `max`, those that only priority work may hold. */
  readonly reservedMax: number
}

export interface Permits {
  free(priority: boolean): number
  /** @throws when there are not that many: ask `free` first */
  take(priority: boolean, count: number): void
  give(priority: boolean, count: number): void
  readonly inUse: number
  /** Resolves after the next `give`, or when the signal aborts. */
  whenGiven(signal: AbortSignal): Promise<void>
}

export function createPermits({ max, reservedMax }: PermitsOptions): Permits {
  const given = createNotifier()
  let ordinary = 0
  let priority = 0

  function free(isPriority: boolean): number {
    const total = max - ordinary - priority
    return Math.max(0, isPriority ? total : Math.min(total, max - reservedMax - ordinary))
  }

  return {
    free,
    take(isPriority, count) {
      if (count > free(isPriority))
        throw new Error(`${count} permits asked, ${free(isPriority)} free`)
      if (isPriority) priority += count
      else ordinary += count
    },
    give(isPriority, count) {
      if (isPriority) priority -= count
      else ordinary -= count
      if (ordinary < 0 || priority < 0) throw new Error('more permits given back than taken')
      given.notify()
    },
    get inUse() {
      return ordinary + priority
    },
    whenGiven: (signal) => given.wait(signal),
  }
}
