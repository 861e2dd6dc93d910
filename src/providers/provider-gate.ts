/**
 * Everything that stands around one provider's driver: its circuit, its concurrency limit, its rate limit, and the pause
 * it asked for. The gate answers "may one more go out now"; it never waits.
 */
import {
  type Circuit,
  type CircuitOptions,
  type CircuitState,
  createCircuit,
} from '../domain/circuit.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import { createTokenBucket } from '../domain/token-bucket.ts'
import type { WeightedCandidate } from '../domain/weighted-choice.ts'
import type { ProviderDriver, ProviderSettings } from './provider.ts'

/** The share of a provider's concurrency and rate that only express messages may use. */
const expressShare = 0.1

export interface ProviderGate extends WeightedCandidate {
  readonly settings: ProviderSettings
  readonly driver: ProviderDriver
  readonly circuitState: CircuitState
  readonly inFlight: number
  /** Not failing, not paused: it may be out of room at this moment, but room will come by itself. */
  healthy(nowMs: number): boolean
  /** How many more may go out now. */
  room(express: boolean, nowMs: number): number
  /** One goes out. Only when there is room. Answers whether it probes an open circuit. */
  began(nowMs: number): boolean
  /** It came back with an outcome, or was never sent (null). */
  ended(outcome: SubmitOutcome | null, wasProbe: boolean, nowMs: number): void
  /** When there may be room or health again without anything coming back; Infinity when only that helps. */
  wakeAtMs(express: boolean, nowMs: number): number
}

export function createProviderGate(
  settings: ProviderSettings,
  driver: ProviderDriver,
  circuitOptions: CircuitOptions,
  random: () => number,
): ProviderGate {
  const circuit: Circuit = createCircuit(circuitOptions, random)
  const { concurrencyMax, ratePerSecondMax } = settings
  const bucket = ratePerSecondMax === null ? null : createTokenBucket(ratePerSecondMax)
  const slotsReserved = concurrencyMax > 1 ? Math.ceil(concurrencyMax * expressShare) : 0
  const tokensReserved =
    ratePerSecondMax !== null && ratePerSecondMax >= 2
      ? Math.ceil(ratePerSecondMax * expressShare)
      : 0
  let inFlight = 0
  let pausedUntilMs = 0

  const healthy = (nowMs: number): boolean => nowMs >= pausedUntilMs && circuit.allows(nowMs)

  return {
    settings,
    driver,
    weight: settings.weight,
    credit: 0,
    get circuitState() {
      return circuit.state
    },
    get inFlight() {
      return inFlight
    },
    healthy,
    room(express, nowMs) {
      if (!healthy(nowMs)) return 0
      const slots = concurrencyMax - inFlight - (express ? 0 : slotsReserved)
      if (slots <= 0) return 0
      const tokens =
        bucket === null ? slots : bucket.available(nowMs) - (express ? 0 : tokensReserved)
      // While the circuit is being probed, one at a time.
      return Math.max(0, Math.min(slots, tokens, circuit.state === 'closed' ? slots : 1))
    },
    began(nowMs) {
      inFlight++
      bucket?.take(nowMs)
      return circuit.began(nowMs)
    },
    ended(outcome, wasProbe, nowMs) {
      inFlight--
      if (outcome === null) bucket?.giveBack()
      circuit.ended(providerAnswered(outcome), wasProbe, nowMs)
      if (outcome?.kind === 'throttled') {
        pausedUntilMs = Math.max(pausedUntilMs, nowMs + outcome.retryAfterMs)
      }
    },
    wakeAtMs(express, nowMs) {
      if (nowMs < pausedUntilMs) return pausedUntilMs
      if (circuit.state === 'open' && nowMs < circuit.probeAtMs) return circuit.probeAtMs
      if (bucket !== null) {
        const waitMs = bucket.waitMs(1 + (express ? 0 : tokensReserved), nowMs)
        if (waitMs > 0) return nowMs + waitMs
      }
      return Number.POSITIVE_INFINITY
    },
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
