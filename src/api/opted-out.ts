/**
 * Refusing messages to those who want none. Whether a customer has any opt-outs at all is known, as it was a few seconds ago at most, so
 * one without them costs no reading; of the others every message is asked for, many in one statement.
 */
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFreshLookup } from '../runtime/fresh-lookup.ts'
import type { OptOutQuestion } from '../store/opt-outs.ts'
import type { Store } from '../store/store.ts'
import type { Failure } from './store-failure.ts'
import type { Candidate, SubmitRefusal } from './submit-candidate.ts'

export interface OptedOut {
  readonly refusal: SubmitRefusal
  close(): Promise<void>
}

/** A customer's first opt-out is in force everywhere within this time; the later ones are at once. */
export const optOutAgeMsMax = 4_000
const refreshMs = 1_500
/** Customers remembered; without keys a message may name any number. */
const customersMax = 10_000

const batchMax = 2_000
const flightsMax = 2
/** Questions waiting or being asked. */
const pendingMax = 20_000

export interface OptedOutOptions {
  readonly store: Pick<Store, 'customersWithOptOuts' | 'findOptedOut'>
  readonly clock: Clock
  /** Of messages that name none. */
  readonly senderIdDefault: string | null
}

export function createOptedOut({ store, clock, senderIdDefault }: OptedOutOptions): OptedOut {
  const having = createFreshLookup<number, true>({
    name: 'customers with opt-outs',
    read: (ids) => store.customersWithOptOuts(ids),
    missesToo: true,
    keysMax: customersMax,
    refreshMs,
    ageMsMax: optOutAgeMsMax,
    clock,
  })
  const finder = createBatcher<OptOutQuestion, boolean>({
    name: 'opt-outs',
    batchMax,
    pendingMax,
    flightsMax,
    lingerMs: 0,
    run: (questions) => store.findOptedOut(questions),
  })

  function questionOf({ submit }: Candidate): OptOutQuestion {
    return {
      customerId: submit.customer_id,
      recipient: submit.phone,
      senderId: submit.sender_id ?? senderIdDefault,
    }
  }

  /** Of those in `places`; nothing is asked when there are none. */
  async function ask(
    candidates: readonly Candidate[],
    places: readonly number[],
  ): Promise<readonly (Failure | null)[]> {
    const failures: (Failure | null)[] = candidates.map(() => null)
    if (places.length === 0) return failures
    const questions = places.flatMap((place) => {
      const candidate = candidates[place]
      return candidate === undefined ? [] : [questionOf(candidate)]
    })
    const answers = await finder.addGroup(questions)
    places.forEach((place, index) => {
      if (answers[index] === true) failures[place] = optedOut
    })
    return failures
  }

  async function askLater(
    candidates: readonly Candidate[],
    known: ReadonlyMap<number, true | null | Promise<true | null>>,
  ): Promise<readonly (Failure | null)[]> {
    const places: number[] = []
    for (const [place, { submit }] of candidates.entries()) {
      if ((await known.get(submit.customer_id)) === true) places.push(place)
    }
    return await ask(candidates, places)
  }

  return {
    refusal(candidates) {
      const known = new Map<number, true | null | Promise<true | null>>()
      let isAsking = false
      for (const { submit } of candidates) {
        if (known.has(submit.customer_id)) continue
        const found = having.find(submit.customer_id)
        known.set(submit.customer_id, found)
        if (found !== null) isAsking = true
      }
      return isAsking ? askLater(candidates, known) : candidates.map(() => null)
    },
    async close() {
      await Promise.all([having.close(), finder.close()])
    },
  }
}

const optedOut: Failure = {
  problem: {
    kind: 'recipient-opted-out',
    detail:
      'The recipient wants no messages of this customer, or none from this sender: see /api/v1/opt-outs.',
  },
  reason: 'opted_out',
}
