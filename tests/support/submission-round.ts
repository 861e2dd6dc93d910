/** One round of a message between providers that follow a script, for unit tests. */
import { expect } from 'bun:test'
import type { ClaimedMessage } from '../../src/domain/message.ts'
import type { Route } from '../../src/domain/routing.ts'
import type { SubmitOutcome } from '../../src/domain/submit-outcome.ts'
import { runRound } from '../../src/processor/submission.ts'
import type { Reservation, ReserveOptions } from '../../src/providers/provider-pool.ts'
import type { Reassignment } from '../../src/store/message-claims.ts'

export const message: ClaimedMessage = {
  id: '01a20786-1074-74de-9073-e313a5382b96',
  customerId: 1,
  lane: 'normal',
  recipient: '+1234567890',
  senderId: null,
  text: 'hi',
  attempt: 1,
  claimToken: '1',
  provider: 'a',
  inDoubtProvider: null,
  traceparent: null,
}
export const taken: SubmitOutcome = { kind: 'taken', providerMessageId: 'x' }
export const unavailable: SubmitOutcome = {
  kind: 'unavailable',
  code: 'http_status_503',
  detail: '',
}
export const timeout: SubmitOutcome = { kind: 'indeterminate', code: 'timeout', detail: '' }

interface Scenario {
  readonly outcomes: Readonly<Record<string, SubmitOutcome>>
  readonly inDoubt?: 'resend' | 'unknown'
  readonly ours?: boolean
  /** Providers that exist and cannot be asked now. */
  readonly failing?: readonly string[]
  /** After so many submits the process has to end. */
  readonly endsAfter?: number
  readonly attemptsMax?: number
  readonly changes?: Partial<ClaimedMessage>
  readonly route?: Route
  /** It may not go where it was placed. */
  readonly unplaced?: boolean
}

export async function round(scenario: Scenario) {
  const { outcomes, inDoubt = 'resend', ours = true, failing = [], changes = {} } = scenario
  const work = new AbortController()
  const endIfDue = () => {
    if (submitted.length === scenario.endsAfter) work.abort()
  }
  const submitted: string[] = []
  const moves: Reassignment[] = []
  let held = 0
  const place = (provider: string): Reservation => {
    held++
    return {
      provider,
      inDoubt,
      submit: async () => {
        held--
        submitted.push(provider)
        endIfDue()
        return outcomes[provider] ?? unavailable
      },
      cancel: () => {
        held--
      },
    }
  }
  const reserveWithin = async ({ exclude, only, among }: ReserveOptions) => {
    expect(held).toBe(0)
    const name = Object.keys(outcomes).find(
      (candidate) =>
        (only === undefined || candidate === only) &&
        (among === undefined || among.includes(candidate)) &&
        !exclude?.has(candidate) &&
        !failing.includes(candidate),
    )
    return name === undefined ? null : place(name)
  }
  const claimed = { ...message, ...changes }
  endIfDue()
  const { route = null } = scenario
  const first = scenario.unplaced === true ? null : place('a')
  const result = await runRound(
    claimed,
    first,
    { route, claimedAtMs: 0 },
    {
      places: {
        reserve: async ({ ranks }, wanted) => reserveWithin({ ...wanted, among: ranks.flat() }),
      },
      pool: { reserveWithin, has: (name) => name in outcomes },
      retry: { attemptsMax: scenario.attemptsMax ?? 3, backoffBaseMs: 1_000, backoffMsMax: 60_000 },
      roundMsMax: 1_000,
      tracing: null,
      senderIdDefault: null,
      clock: { now: () => 0, monotonicMs: () => 0 },
      random: () => 0.5,
      reassign: async (move) => {
        moves.push(move)
        return ours
      },
      onOutcome: () => undefined,
      workSignal: work.signal,
    },
  )
  expect(held).toBe(0)
  return { result, submitted, moves }
}
