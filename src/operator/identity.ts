/** One provider that the operator plays: its behaviour, what it remembers, what it still has to report. */
import type { Clock } from '../runtime/clock.ts'
import type { Behaviour } from './behaviour.ts'
import { behaviourDefault } from './behaviour.ts'
import type { Counters } from './counters.ts'
import { clearCounters, newCounters } from './counters.ts'
import type { FateDraw } from './fate.ts'
import { fateDraw } from './fate.ts'
import type { Ledger } from './ledger.ts'
import { createLedger } from './ledger.ts'
import type { Random } from './randomness.ts'
import { seededRandom } from './randomness.ts'
import type { ReportPlanner } from './report.ts'
import { reportPlanner } from './report.ts'
import type { ReportSender } from './report-sender.ts'
import { createReportSender } from './report-sender.ts'

/** Identities name themselves in paths, message ids and metrics. */
export const identityPattern = /^[a-z0-9_-]{1,32}$/

export interface Identity {
  readonly name: string
  /** What its callbacks are authorized with. */
  readonly secret: string | null
  readonly counters: Counters
  readonly ledger: Ledger
  readonly reports: ReportSender
  /** The current source of chance: the seed's, when the behaviour has one. */
  readonly random: Random
  behaviour(): Behaviour
  drawFate: FateDraw
  planReports: ReportPlanner
  /** `reseed` starts the behaviour's seed from its beginning. */
  behave(behaviour: Behaviour, reseed: boolean): void
  /** The message id of a number from the ledger; never the same for two runs of the operator. */
  messageIdOf(number: number): string
  /** Clears counters and references and forgets pending reports; the behaviour stays. */
  reset(): void
}

export interface IdentityOptions {
  readonly name: string
  readonly secret: string | null
  readonly random: Random
  readonly clock: Clock
  readonly referencesMax: number
  readonly onGivenUp: (callbackUrl: string, reports: number) => void
}

export function createIdentity(options: IdentityOptions): Identity {
  const { name, secret, clock, onGivenUp } = options
  let behaviour = behaviourDefault
  let chance = options.random
  const random = () => chance()
  const counters = newCounters()
  const ledger = createLedger(options.referencesMax)
  const reports = createReportSender({
    secret,
    behaviour: () => behaviour,
    counters: counters.reports,
    clock,
    // Back-off must not use up the numbers that a seed promises to the submits.
    random: options.random,
    onGivenUp,
  })
  const messageIdPrefix = `${name}-${Math.floor(clock.now()).toString(36)}-`

  const identity: Identity = {
    name,
    secret,
    counters,
    ledger,
    reports,
    random,
    behaviour: () => behaviour,
    drawFate: fateDraw(behaviour),
    planReports: reportPlanner(behaviour),
    behave(next, reseed) {
      behaviour = next
      identity.drawFate = fateDraw(next)
      identity.planReports = reportPlanner(next)
      if (reseed) chance = next.seed === null ? options.random : seededRandom(next.seed)
    },
    messageIdOf: (number) => messageIdPrefix + number.toString(36),
    reset() {
      clearCounters(counters)
      ledger.clear()
      reports.clear()
    },
  }
  return identity
}
