/**
 * A circuit breaker for one provider, as a pure machine: time comes in as an argument.
 *
 * closed → open: the last `samplesMin` outcomes all failed, or at least `failureRatio` of `samplesMin` or more outcomes
 *   in the rolling window did.
 * open → half-open: when `openMs` is over (doubled with each failed probe, up to `openMsMax`, with jitter).
 * half-open → closed: `probesToClose` probes in a row succeeded; one probe is out at a time.
 * half-open → open: a probe failed, or did not come back within `probeMsMax`.
 */

export type CircuitState = 'closed' | 'open' | 'half_open'

export interface CircuitOptions {
  readonly windowMs: number
  readonly failureRatio: number
  readonly samplesMin: number
  readonly openMs: number
  readonly openMsMax: number
}

export interface Circuit {
  readonly state: CircuitState
  /** Whether a submit may go out now. */
  allows(nowMs: number): boolean
  /** A submit goes out; answers whether it is a probe. */
  began(nowMs: number): boolean
  /**
   * It came back. `null`: it says nothing of the provider (never sent). Outcomes of submits that went out before the
   * circuit opened say nothing new while it is not closed.
   */
  ended(succeeded: boolean | null, wasProbe: boolean, nowMs: number): void
  /** While open: when a probe may go out. */
  readonly probeAtMs: number
}

const bucketsPerWindow = 10
const probesToClose = 3
/** A probe that is out longer than this no longer keeps the next one back. */
const probeMsMax = 60_000

export function createCircuit(options: CircuitOptions, random: () => number): Circuit {
  const bucketMs = options.windowMs / bucketsPerWindow
  const succeededIn = new Array<number>(bucketsPerWindow).fill(0)
  const failedIn = new Array<number>(bucketsPerWindow).fill(0)
  let bucket = 0
  let state: CircuitState = 'closed'
  let failedInRow = 0
  let probesFailedInRow = 0
  let probesSucceeded = 0
  let probeOutSinceMs: number | null = null
  let probeAtMs = 0

  function advance(nowMs: number): void {
    const current = Math.floor(nowMs / bucketMs)
    const passed = Math.min(bucketsPerWindow, Math.max(0, current - bucket))
    for (let step = 1; step <= passed; step++) {
      const index = (bucket + step + (current - bucket - passed)) % bucketsPerWindow
      succeededIn[index] = 0
      failedIn[index] = 0
    }
    if (current > bucket) bucket = current
  }

  function open(nowMs: number): void {
    const openMs = Math.min(options.openMsMax, options.openMs * 2 ** probesFailedInRow)
    probeAtMs = nowMs + openMs * (0.75 + random() / 2)
    state = 'open'
    probeOutSinceMs = null
    probesSucceeded = 0
  }

  function close(): void {
    succeededIn.fill(0)
    failedIn.fill(0)
    failedInRow = 0
    probesFailedInRow = 0
    probeOutSinceMs = null
    state = 'closed'
  }

  function shouldOpen(): boolean {
    if (failedInRow >= options.samplesMin) return true
    const failed = failedIn.reduce((sum, count) => sum + count, 0)
    const samples = failed + succeededIn.reduce((sum, count) => sum + count, 0)
    return samples >= options.samplesMin && failed >= samples * options.failureRatio
  }

  function countClosed(succeeded: boolean, nowMs: number): void {
    advance(nowMs)
    const index = bucket % bucketsPerWindow
    if (succeeded) {
      succeededIn[index] = (succeededIn[index] ?? 0) + 1
      failedInRow = 0
      return
    }
    failedIn[index] = (failedIn[index] ?? 0) + 1
    failedInRow++
    if (shouldOpen()) open(nowMs)
  }

  function countProbe(succeeded: boolean, nowMs: number): void {
    probeOutSinceMs = null
    if (!succeeded) {
      probesFailedInRow++
      open(nowMs)
      return
    }
    probesSucceeded++
    if (probesSucceeded >= probesToClose) close()
  }

  return {
    get state() {
      return state
    },
    get probeAtMs() {
      return probeAtMs
    },
    allows(nowMs) {
      if (state === 'closed') return true
      if (state === 'open') return nowMs >= probeAtMs
      return probeOutSinceMs === null || nowMs - probeOutSinceMs > probeMsMax
    },
    began(nowMs) {
      if (state === 'closed') return false
      state = 'half_open'
      probeOutSinceMs = nowMs
      return true
    },
    ended(succeeded, wasProbe, nowMs) {
      if (state === 'half_open' && wasProbe) {
        if (succeeded === null) probeOutSinceMs = null
        else countProbe(succeeded, nowMs)
      } else if (state === 'closed' && succeeded !== null) {
        countClosed(succeeded, nowMs)
      }
    },
  }
}
