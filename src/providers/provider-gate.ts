/**
 * Everything that stands around one provider's driver: its circuit, its concurrency limit, its rate limit, the pause it
 * asked for, and the mode it was put into. The gate answers "may one more go out now"; it never waits.
 *
 * Settings change under it. The limits are the provider's, so what counts against them stays; the circuit and the driver
 * belong to an address, and a new address has new ones.
 */
import {
  type Circuit,
  type CircuitOptions,
  type CircuitState,
  createCircuit,
} from '../domain/circuit.ts'
import type { ProviderMode } from '../domain/provider-mode.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import { createTokenBucket, type TokenBucket } from '../domain/token-bucket.ts'
import type { WeightedCandidate } from '../domain/weighted-choice.ts'
import type { ProviderDriver, ProviderSettings } from './provider.ts'
import { createRetirableDriver } from './retirable-driver.ts'

/** The share of a provider's concurrency and rate that only express messages may use. */
const expressShare = 0.1

/** One that went out, until it comes back. */
export interface Passage {
  /** Of the address it began for. */
  readonly circuit: Circuit
  readonly isProbe: boolean
}

export interface ProviderGate extends WeightedCandidate {
  readonly settings: ProviderSettings
  readonly circuitState: CircuitState
  readonly inFlight: number
  readonly mode: ProviderMode
  setMode(mode: ProviderMode): void
  /** Whether it is in service, whatever its health: for new messages, or for those in doubt there. */
  serves(isNew: boolean): boolean
  /** Not failing, not paused: it may be out of room at this moment, but room will come by itself. */
  healthy(nowMs: number): boolean
  /** How many more may go out now. */
  room(express: boolean, nowMs: number): number
  /** One goes out. Only when there is room. */
  began(nowMs: number): Passage
  readonly submit: ProviderDriver['submit']
  /** It came back with an outcome, or was never sent (null). */
  ended(passage: Passage, outcome: SubmitOutcome | null, nowMs: number): void
  /** When there may be room or health again without anything coming back; Infinity when only that helps. */
  wakeAtMs(express: boolean, nowMs: number): number
  /** Other settings for the provider of the same name. What is under way ends at the address where it began. */
  change(settings: ProviderSettings, nowMs: number): void
  /** Out of service for good. Resolves when nothing is under way any more and the driver is closed. */
  retire(): Promise<void>
}

export interface ProviderGateOptions {
  readonly settings: ProviderSettings
  readonly mode: ProviderMode
  readonly createDriver: (settings: ProviderSettings) => ProviderDriver
  readonly circuit: CircuitOptions
  readonly random: () => number
}

export function createProviderGate(options: ProviderGateOptions): ProviderGate {
  const newCircuit = (): Circuit => createCircuit(options.circuit, options.random)
  let { settings, mode } = options
  let driver = createRetirableDriver(options.createDriver(settings))
  let circuit = newCircuit()
  let bucket = bucketFor(settings, null, 0)
  let reserved = reservedFor(settings)
  let inFlight = 0
  let pausedUntilMs = 0
  let retired = false

  const healthy = (nowMs: number): boolean => nowMs >= pausedUntilMs && circuit.allows(nowMs)

  return {
    get settings() {
      return settings
    },
    get weight() {
      return settings.weight
    },
    credit: 0,
    get mode() {
      return mode
    },
    setMode(next) {
      mode = next
    },
    get circuitState() {
      return circuit.state
    },
    get inFlight() {
      return inFlight
    },
    serves(isNew) {
      if (retired || mode === 'disabled') return false
      return !isNew || (mode === 'enabled' && settings.weight > 0)
    },
    healthy,
    room(express, nowMs) {
      if (!healthy(nowMs)) return 0
      const slots = settings.concurrencyMax - inFlight - (express ? 0 : reserved.slots)
      if (slots <= 0) return 0
      const tokens =
        bucket === null ? slots : bucket.available(nowMs) - (express ? 0 : reserved.tokens)
      // While the circuit is being probed, one at a time.
      return Math.max(0, Math.min(slots, tokens, circuit.state === 'closed' ? slots : 1))
    },
    began(nowMs) {
      inFlight++
      bucket?.take(nowMs)
      return { circuit, isProbe: circuit.began(nowMs) }
    },
    submit: (submission, signal) => driver.submit(submission, signal),
    ended(passage, outcome, nowMs) {
      inFlight--
      if (outcome === null) bucket?.giveBack()
      passage.circuit.ended(providerAnswered(outcome), passage.isProbe, nowMs)
      if (outcome?.kind === 'throttled') {
        pausedUntilMs = Math.max(pausedUntilMs, nowMs + outcome.retryAfterMs)
      }
    },
    wakeAtMs(express, nowMs) {
      if (nowMs < pausedUntilMs) return pausedUntilMs
      if (circuit.state === 'open' && nowMs < circuit.probeAtMs) return circuit.probeAtMs
      if (bucket !== null) {
        const waitMs = bucket.waitMs(1 + (express ? 0 : reserved.tokens), nowMs)
        if (waitMs > 0) return nowMs + waitMs
      }
      return Number.POSITIVE_INFINITY
    },
    change(next, nowMs) {
      const moved = next.url !== settings.url
      if (moved) circuit = newCircuit()
      if (moved || next.timeoutMs !== settings.timeoutMs) {
        void driver.retire()
        driver = createRetirableDriver(options.createDriver(next))
      }
      bucket = bucketFor(next, bucket, nowMs)
      reserved = reservedFor(next)
      settings = next
    },
    async retire() {
      retired = true
      await driver.retire()
    },
  }
}

/** What was used of the rate stays used when the rate changes. */
function bucketFor(
  { ratePerSecondMax }: ProviderSettings,
  before: TokenBucket | null,
  nowMs: number,
): TokenBucket | null {
  if (ratePerSecondMax === null) return null
  if (before === null) return createTokenBucket(ratePerSecondMax)
  before.changeRate(ratePerSecondMax, nowMs)
  return before
}

/** What is kept for express messages. */
function reservedFor({ concurrencyMax, ratePerSecondMax }: ProviderSettings) {
  return {
    slots: concurrencyMax > 1 ? Math.ceil(concurrencyMax * expressShare) : 0,
    tokens:
      ratePerSecondMax !== null && ratePerSecondMax >= 2
        ? Math.ceil(ratePerSecondMax * expressShare)
        : 0,
  }
}

/** For the circuit: a provider that refuses a message, or asks us to slow down, is well. */
function providerAnswered(outcome: SubmitOutcome | null): boolean | null {
  if (outcome === null) return null
  switch (outcome.kind) {
    case 'taken':
    case 'rejected':
    case 'throttled':
      return true
    case 'unavailable':
      return false
    case 'indeterminate':
      return outcome.code === 'aborted' ? null : false
    default:
      return outcome satisfies never
  }
}
