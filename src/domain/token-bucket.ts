/**
 * A rate limit as a token bucket that holds one second's worth. Pure: time comes in as an argument, and the answer to
 * "when may I" is a number, which is what routing needs; a limiter that waits by itself could not be asked.
 */

export interface TokenBucket {
  /** Whole tokens there are now. */
  available(nowMs: number): number
  take(nowMs: number): void
  /** What was taken was not needed. */
  giveBack(): void
  /** Milliseconds until `count` tokens are there. */
  waitMs(count: number, nowMs: number): number
  /** Another rate from now on; what was taken stays taken. */
  changeRate(ratePerSecond: number, nowMs: number): void
}

export function createTokenBucket(ratePerSecondAtFirst: number): TokenBucket {
  let ratePerSecond = ratePerSecondAtFirst
  let capacity = Math.max(1, ratePerSecond)
  let tokens = capacity
  let filledAtMs = 0

  function fill(nowMs: number): void {
    if (nowMs <= filledAtMs) return
    tokens = Math.min(capacity, tokens + ((nowMs - filledAtMs) * ratePerSecond) / 1_000)
    filledAtMs = nowMs
  }

  return {
    available(nowMs) {
      fill(nowMs)
      return Math.floor(tokens + 1e-9)
    },
    take(nowMs) {
      fill(nowMs)
      tokens -= 1
    },
    giveBack() {
      tokens = Math.min(capacity, tokens + 1)
    },
    waitMs(count, nowMs) {
      fill(nowMs)
      return Math.max(0, ((Math.min(count, capacity) - tokens) * 1_000) / ratePerSecond)
    },
    changeRate(next, nowMs) {
      fill(nowMs)
      ratePerSecond = next
      capacity = Math.max(1, next)
      tokens = Math.min(capacity, tokens)
    },
  }
}
