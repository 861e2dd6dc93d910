/** Time as an argument, so that tests and the simulation can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step when the system clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start; never steps back. For measuring and for deadlines. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
}
