/**
 * Many delays for the price of one timer: entries that are due in the same tick share a bucket, and one
 * interval, running only while something waits, empties the buckets whose tick has come.
 */
import type { Clock } from '../runtime/clock.ts'

export interface TimerWheel<Entry> {
  /** Entries that wait. */
  readonly size: number
  /** Hands `entry` over in the first tick that is not before `delayMs` from now. */
  add(delayMs: number, entry: Entry): void
  /** Hands over what is due by now. Called by the wheel's own interval. */
  turn(): void
  /** Takes everything out, due or not, and stops the interval. */
  drain(): Entry[]
}

export interface TimerWheelOptions<Entry> {
  readonly tickMs: number
  readonly clock: Clock
  /** Gets what is due, a bucket at a time, oldest bucket first. Must not throw. */
  readonly onDue: (entries: Entry[]) => void
}

export function createTimerWheel<Entry>(options: TimerWheelOptions<Entry>): TimerWheel<Entry> {
  const { tickMs, clock, onDue } = options
  const buckets = new Map<number, Entry[]>()
  let size = 0
  let lastTick = 0
  let interval: ReturnType<typeof setInterval> | undefined

  const currentTick = () => Math.floor(clock.monotonicMs() / tickMs)

  function add(delayMs: number, entry: Entry) {
    if (interval === undefined) {
      lastTick = currentTick()
      interval = setInterval(turn, tickMs)
    }
    const due = Math.ceil((clock.monotonicMs() + delayMs) / tickMs)
    // A bucket of a tick that has been handed over would never be looked at again.
    const tick = due > lastTick ? due : lastTick + 1
    const bucket = buckets.get(tick)
    if (bucket === undefined) buckets.set(tick, [entry])
    else bucket.push(entry)
    size++
  }

  function turn() {
    const nowTick = currentTick()
    while (lastTick < nowTick && size > 0) {
      lastTick++
      const bucket = buckets.get(lastTick)
      if (bucket === undefined) continue
      buckets.delete(lastTick)
      size -= bucket.length
      onDue(bucket)
    }
    if (size === 0) rest()
  }

  function rest() {
    clearInterval(interval)
    interval = undefined
  }

  function drain(): Entry[] {
    rest()
    const entries = [...buckets.values()].flat()
    buckets.clear()
    size = 0
    return entries
  }

  return {
    get size() {
      return size
    },
    add,
    turn,
    drain,
  }
}
