/**
 * Time and chance as a seed makes them. While it is installed, timers, `performance.now`, `Math.random` and new message ids
 * of this process are the simulation's: nothing happens but what the next event does, so a seed replays exactly.
 */
import { seededRandom } from '../../src/operator/randomness.ts'
import type { Clock } from '../../src/runtime/clock.ts'

export interface VirtualTime {
  readonly clock: Clock
  /** 0 ≤ x < 1, from the seed. */
  readonly random: () => number
  /** One of them, by chance. */
  pick<T>(values: readonly T[]): T
  /** After `delayMs`; events of the same moment run in the order they were made. */
  after(delayMs: number, run: () => void): void
  /** Runs something that needs real I/O; nothing else happens meanwhile. */
  really<T>(work: () => Promise<T>): Promise<T>
  /** Goes to the next event and runs it with all that follows at once. False when there is none before `untilMs`. */
  step(untilMs: number): Promise<boolean>
  /** Gives the process its own time back. */
  uninstall(): void
}

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  canceled: boolean
}

/** 2026-01-01T12:00:00Z: no partition ends soon. */
export const startMs = 1_767_268_800_000

const own = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  now: performance.now,
  random: Math.random,
  randomUUIDv7: Bun.randomUUIDv7,
} as const

export function installVirtualTime(seed: number): VirtualTime {
  const random = seededRandom(seed)
  let nowMs = startMs
  let orders = 0
  let ids = 0
  const events: Event[] = []
  let realWork: Promise<unknown> | null = null

  function add(delayMs: number, run: () => void): Event {
    const event = { atMs: nowMs + Math.max(0, delayMs), order: orders++, run, canceled: false }
    // Few events are waiting at any time: a sorted array is enough.
    let place = events.length
    while (place > 0 && isLater(events[place - 1], event)) place--
    events.splice(place, 0, event)
    return event
  }

  function timer(run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) {
    return handleOf(add(delayMs, () => run(...args)))
  }

  /** UUIDv7 (RFC 9562 §5.7) of the virtual moment, numbered instead of random. */
  function nextId(): string {
    const time = Math.floor(nowMs).toString(16).padStart(12, '0')
    const number = (ids++).toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number}`
  }

  function install(): void {
    Object.assign(globalThis, {
      setTimeout: timer,
      clearTimeout: cancel,
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
        timer(run, 0, ...args),
      clearImmediate: cancel,
    })
    performance.now = () => nowMs - startMs
    Math.random = random
    Object.assign(Bun, { randomUUIDv7: nextId })
  }

  function uninstall(): void {
    const { now, random: ownRandom, randomUUIDv7, ...timers } = own
    Object.assign(globalThis, timers)
    performance.now = now
    Math.random = ownRandom
    Object.assign(Bun, { randomUUIDv7 })
  }

  /** Until nothing more follows from what was done. */
  async function settle(): Promise<void> {
    do {
      await realWork
      await new Promise<void>((resolve) => own.setImmediate(resolve))
    } while (realWork !== null)
  }

  install()
  return {
    clock: { now: () => Math.floor(nowMs), monotonicMs: () => nowMs - startMs },
    random,
    pick(values) {
      const value = values[Math.floor(random() * values.length)]
      if (value === undefined) throw new Error('nothing to pick from')
      return value
    },
    after: (delayMs, run) => void add(delayMs, run),
    async really(work) {
      if (realWork !== null) throw new Error('real work is done one at a time')
      uninstall()
      const working = work()
      realWork = working.catch(() => undefined)
      try {
        return await working
      } finally {
        realWork = null
        install()
      }
    },
    async step(untilMs) {
      for (;;) {
        const event = events[0]
        if (event === undefined || event.atMs > untilMs) return false
        events.shift()
        if (event.canceled) continue
        nowMs = Math.max(nowMs, event.atMs)
        event.run()
        await settle()
        return true
      }
    },
    uninstall,
  }
}

function isLater(event: Event | undefined, other: Event): boolean {
  if (event === undefined) return false
  return event.atMs > other.atMs || (event.atMs === other.atMs && event.order > other.order)
}

/** What callers do with a timer besides canceling it. */
function handleOf(event: Event) {
  return { event, unref: () => undefined, ref: () => undefined, hasRef: () => true }
}

function cancel(handle: unknown): void {
  if (typeof handle !== 'object' || handle === null || !('event' in handle)) return
  ;(handle.event as Event).canceled = true
}
