/**
 * All providers together: which one takes the next message, and waiting for one that can. A slow or dead provider only
 * ever fills its own gate; the others get what it cannot take. Providers and their modes change while messages are under way.
 */
import type { CircuitOptions, CircuitState } from '../domain/circuit.ts'
import { type ProviderMode, withWeights } from '../domain/provider-mode.ts'
import { compileRoutes, type RouteTable } from '../domain/routing.ts'
import type { InDoubtPolicy, SubmitOutcome } from '../domain/submit-outcome.ts'
import { pickWeighted } from '../domain/weighted-choice.ts'
import type { Clock } from '../runtime/clock.ts'
import { createNotifier } from '../runtime/notifier.ts'
import type { ProviderDriver, ProviderSettings, Submission } from './provider.ts'
import { createProviderGate, type ProviderGate } from './provider-gate.ts'

/**
 * A place at one provider for one submit. Exactly one of `submit` and `cancel` must follow. When the provider has gone out of
 * service meanwhile, `submit` sends nothing and answers `unavailable`.
 */
export interface Reservation {
  readonly provider: string
  readonly inDoubt: InDoubtPolicy
  submit(submission: Submission, signal: AbortSignal): Promise<SubmitOutcome>
  cancel(): void
}

export interface ReserveOptions {
  /** Express messages may use the part of each provider that is kept for them. */
  readonly express: boolean
  /** Already tried for this message. */
  readonly exclude?: ReadonlySet<string>
  /** No other provider than this one, where the message is in doubt. */
  readonly only?: string
  /** None but these, of which the message may go to any. */
  readonly among?: readonly string[]
}

export interface ProviderStatus {
  readonly name: string
  readonly mode: ProviderMode
  readonly circuit: CircuitState
  readonly inFlight: number
}

export interface ProviderPool {
  /** A place now, or null. */
  reserve(options: ReserveOptions): Reservation | null
  /**
   * A place as soon as there is one; null when no provider that may be asked is healthy, when `waitMs` is over, or when the
   * signal aborts.
   */
  reserveWithin(
    options: ReserveOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Reservation | null>
  /** Whether a provider that may be asked is healthy, whether or not it has room. */
  mayAsk(options: ReserveOptions): boolean
  /** Where the providers in force may be sent to. */
  readonly routes: RouteTable
  /** Whether there is a provider of that name, whatever its weight. */
  has(provider: string): boolean
  /** How many reservations would succeed now. */
  room(express: boolean): number
  /** Resolves when there may be room again, or when the signal aborts. */
  whenRoom(express: boolean, signal: AbortSignal): Promise<void>
  /** Providers whose in-doubt policy is `unknown`, those too that were removed while this process lives. */
  readonly unknownProviders: readonly string[]
  /**
   * Other providers from now on, by name: what is new begins, what is missing is removed, what differs changes. Removed ones
   * get no more submits; what is under way anywhere ends where it began.
   */
  change(providers: readonly ProviderSettings[]): void
  /** By provider's name, now or later; those that are not named are enabled. */
  setModes(modes: ReadonlyMap<string, ProviderMode>): void
  /** By provider's name, now or later, in place of the configured ones. */
  setWeights(weights: ReadonlyMap<string, number>): void
  /** Those removed too, first, for as long as something is under way there. */
  status(): ProviderStatus[]
  close(): Promise<void>
}

export interface ProviderPoolOptions {
  readonly providers: readonly ProviderSettings[]
  readonly circuit: CircuitOptions
  readonly createDriver: (settings: ProviderSettings) => ProviderDriver
  readonly clock: Clock
  readonly random: () => number
}

/** A wait ends at the latest after this time, to look again. */
const waitMsMax = 1_000

export function createProviderPool(options: ProviderPoolOptions): ProviderPool {
  const { clock } = options
  const nowMs = (): number => clock.monotonicMs()
  const roomChanged = createNotifier()
  let gates: readonly ProviderGate[] = []
  /** Removed, and something is under way there. */
  const leaving = new Set<ProviderGate>()
  let modes: ReadonlyMap<string, ProviderMode> = new Map()
  let configured = options.providers
  let weights: ReadonlyMap<string, number> = new Map()
  /** Of all providers there have been: what is in doubt at one that was removed is decided by its own policy. */
  const policies = new Map<string, InDoubtPolicy>()
  let routes: RouteTable
  change(configured)

  function change(changed: readonly ProviderSettings[]): void {
    configured = changed
    const providers = withWeights(configured, weights)
    const before = new Map(gates.map((gate) => [gate.settings.name, gate]))
    routes = compileRoutes(providers)
    gates = providers.map((settings) => {
      const { name, inDoubt } = settings
      policies.set(name, inDoubt)
      const gate = before.get(name)
      if (gate === undefined) {
        return createProviderGate({ ...options, settings, mode: modes.get(name) ?? 'enabled' })
      }
      before.delete(name)
      gate.change(settings, nowMs())
      // What was saved up by the old weights would distort the new shares.
      gate.credit = 0
      return gate
    })
    for (const gate of before.values()) {
      void gate.retire()
      if (gate.inFlight > 0) leaving.add(gate)
    }
    roomChanged.notify()
  }

  /** Those that may be asked for this message, whether or not they have room. */
  function candidates({ exclude, only, among }: ReserveOptions): ProviderGate[] {
    const now = nowMs()
    return gates.filter(
      (gate) =>
        (only === undefined || gate.settings.name === only) &&
        (among === undefined || among.includes(gate.settings.name)) &&
        gate.serves(only === undefined) &&
        !exclude?.has(gate.settings.name) &&
        gate.healthy(now),
    )
  }

  function reserve(wanted: ReserveOptions): Reservation | null {
    const now = nowMs()
    const withRoom = candidates(wanted).filter((gate) => gate.room(wanted.express, now) > 0)
    // The only one may be one without weight, which is never picked.
    const gate = wanted.only === undefined ? pickWeighted(withRoom) : withRoom[0]
    return gate === null || gate === undefined ? null : hold(gate, wanted.only === undefined)
  }

  function hold(gate: ProviderGate, isNew: boolean): Reservation {
    const passage = gate.began(nowMs())
    let open = true
    function end(outcome: SubmitOutcome | null): void {
      if (!open) throw new Error('a reservation ends once')
      open = false
      gate.ended(passage, outcome, nowMs())
      if (gate.inFlight === 0) leaving.delete(gate)
      roomChanged.notify()
    }
    return {
      provider: gate.settings.name,
      get inDoubt() {
        return gate.settings.inDoubt
      },
      async submit(submission, signal) {
        // The claim came between, which takes as long as PostgreSQL is away.
        if (!gate.serves(isNew)) {
          end(null)
          return outOfService
        }
        const outcome = await gate
          .submit(submission, signal)
          .catch((error: unknown) => defectOutcome(error))
        end(outcome)
        return outcome
      },
      cancel: () => end(null),
    }
  }

  function waitLimitMs(express: boolean): number {
    const now = nowMs()
    const wakeAt = Math.min(...gates.map((gate) => gate.wakeAtMs(express, now)))
    return Math.min(waitMsMax, Math.max(1, wakeAt - now))
  }

  async function reserveWithin(
    wanted: ReserveOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Reservation | null> {
    const deadline = nowMs() + waitMs
    for (;;) {
      const reservation = reserve(wanted)
      if (reservation !== null) return reservation
      const leftMs = deadline - nowMs()
      if (leftMs <= 0 || signal.aborted || candidates(wanted).length === 0) return null
      await roomChanged.wait(signal, Math.min(leftMs, waitLimitMs(wanted.express)))
    }
  }

  return {
    reserve,
    reserveWithin,
    mayAsk: (wanted) => candidates(wanted).length > 0,
    get routes() {
      return routes
    },
    has: (provider) => gates.some((gate) => gate.settings.name === provider),
    room(express) {
      const now = nowMs()
      return gates.reduce((sum, gate) => sum + (gate.serves(true) ? gate.room(express, now) : 0), 0)
    },
    whenRoom: (express, signal) => roomChanged.wait(signal, waitLimitMs(express)),
    get unknownProviders() {
      return [...policies].flatMap(([name, inDoubt]) => (inDoubt === 'unknown' ? [name] : []))
    },
    change,
    setModes(next) {
      modes = next
      for (const gate of gates) gate.setMode(modes.get(gate.settings.name) ?? 'enabled')
      roomChanged.notify()
    },
    setWeights(next) {
      const before = withWeights(configured, weights)
      weights = next
      const isSame = withWeights(configured, weights).every(
        ({ weight }, index) => weight === before[index]?.weight,
      )
      if (!isSame) change(configured)
    },
    status: () =>
      [...leaving, ...gates].map((gate) => ({
        name: gate.settings.name,
        mode: gate.mode,
        circuit: gate.circuitState,
        inFlight: gate.inFlight,
      })),
    async close() {
      await Promise.all(gates.map((gate) => gate.retire()))
    },
  }
}

const outOfService: SubmitOutcome = {
  kind: 'unavailable',
  code: 'out_of_service',
  detail: 'The provider was removed, drained or disabled before the submit went out.',
}

function defectOutcome(error: unknown): SubmitOutcome {
  const detail = error instanceof Error ? error.message : String(error)
  return { kind: 'indeterminate', code: 'driver_defect', detail: detail.slice(0, 300) }
}
