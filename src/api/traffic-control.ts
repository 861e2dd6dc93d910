/**
 * The limits of customers, and the guard against pumped traffic: asked about what has no fault and could be accepted otherwise. What
 * arrives at about the same time is counted together; single messages mostly from what this process has in stock of their limits. Who has
 * no limits is not counted.
 */
import {
  guardsOf,
  isGuarding,
  type LimitCounter,
  share,
  type TrafficDefaults,
} from '../domain/traffic-limits.ts'
import type { Counters, Demand, Grant, Taken } from '../limits/counters.ts'
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFindLimits, type KnownLimits } from './known-limits.ts'
import { type CounterState, limitHeaders, limitProblem } from './limit-answers.ts'
import { createStock, type StockLevel } from './limit-stock.ts'
import type { PumpingAlarm } from './pumping-alarm.ts'
import type { Failure } from './store-failure.ts'
import type { Candidate, SubmitRefusal } from './submit-candidate.ts'

export interface TrafficControlOptions {
  readonly counters: Counters
  /** For what a customer's own settings leave open. */
  readonly defaults: TrafficDefaults
  readonly alarm: PumpingAlarm
  readonly clock: Clock
}

export interface TrafficControl {
  readonly refusal: SubmitRefusal
  close(): Promise<void>
}

/** Messages counted in one go: a batch of the largest size is one. */
const batchMax = 10_000
/** Those that wait for being counted; beyond, requests are refused as when too much is under way. */
const pendingMax = 40_000
/** While one answer is on its way, another question is asked; more only make the questions smaller. */
const flightsMax = 2

/** A message that has to be counted. */
interface Item {
  readonly candidate: Candidate
  readonly limits: KnownLimits
  /** The quotas, and then those of the guard. */
  readonly counters: readonly LimitCounter[]
}

export function createTrafficControl(options: TrafficControlOptions): TrafficControl {
  const { counters, defaults, alarm, clock } = options
  const findLimits = createFindLimits(defaults)
  const stock = createStock({ counters, clock })
  const batcher = createBatcher<Item, Failure | null>({
    name: 'limits',
    batchMax,
    pendingMax,
    flightsMax,
    lingerMs: 0,
    run: count,
  })

  function itemOf(candidate: Candidate, nowMs: number): Item | null {
    const { submit, profile, caller } = candidate
    const limits = findLimits(profile, caller.keyPrefix ?? null, nowMs)
    if (limits === null) return null
    const guards = guardsOf({ customerId: profile.id, recipient: submit.phone }, limits.guard)
    const found = guards.length === 0 ? limits.quotas : [...limits.quotas, ...guards]
    return found.length === 0 ? null : { candidate, limits, counters: found }
  }

  async function count(items: readonly Item[]): Promise<(Failure | null)[]> {
    const wanted = demandsOf(items)
    const stocked = stockedOf(items)
    const demands = wanted.map((demand) => {
      const extra = stocked.has(demand.key) ? stock.extraOf(demand) : 0
      return extra === 0 ? demand : { ...demand, count: demand.count + extra }
    })
    const askedAtMs = clock.monotonicMs()
    const taken = await counters.take(demands)
    const grants = new Map(demands.map(({ key }, place) => [key, taken.grants[place] as Grant]))
    const granted = new Map([...grants].map(([key, grant]) => [key, grant.granted]))
    const { full, unused } = share(
      items.map((item) => item.counters),
      granted,
    )
    const returns = createReturns(taken)
    const source = { askedAtMs, isShared: taken.isShared }
    for (const [place, demand] of wanted.entries()) {
      const left = unused.get(demand.key) ?? 0
      if (left < 1) continue
      const grant = taken.grants[place] as Grant
      const kept = stocked.has(demand.key) ? stock.keep(demand, grant, left, source) : 0
      returns.add(demand.key, left - kept)
    }

    const nowMs = clock.now()

    function stateOf(counter: LimitCounter): CounterState {
      const grant = grants.get(counter.key)
      const left = (grant?.left ?? 0) + (unused.get(counter.key) ?? 0)
      return stateAt(nowMs, counter, left, grant?.endsInMs ?? 0)
    }

    /** The same for all messages of a customer with the same API key. */
    const headersKnown = new Map<KnownLimits, Readonly<Record<string, string>>>()
    function headersOf({ limits }: Item) {
      const known = headersKnown.get(limits)
      if (known !== undefined) return known
      const made = limitHeaders(limits.policy, limits.quotas.map(stateOf))
      headersKnown.set(limits, made)
      return made
    }

    return items.map((item, place) => {
      const { candidate, counters: own } = item
      const headers = headersOf(item)
      const without = full[place] ?? []
      if (without.length === 0) {
        candidate.counted = { headers, giveBack: () => returns.addOne(own) }
        return null
      }
      const guards = without.filter(({ name }) => isGuarding(name))
      if (guards.length > 0) alarm.refused(candidate.submit, guards)
      const problem = limitProblem(without.map(stateOf), headers)
      return { problem, reason: guards.length > 0 ? 'pumping' : 'limited' }
    })
  }

  /** Whether it could be counted without asking. */
  function countFromStock({ candidate, limits, counters: own }: Item, nowMs: number): boolean {
    const taken = stock.takeOne(own)
    if (taken === null) return false
    const { levels, putBack } = taken
    const states = own.map((counter, place) => {
      const { left, endsInMs } = levels[place] as StockLevel
      return stateAt(nowMs, counter, left, endsInMs)
    })
    candidate.counted = { headers: limitHeaders(limits.policy, states), giveBack: putBack }
    return true
  }

  return {
    refusal(candidates) {
      const nowMs = clock.now()
      const items = candidates.map((candidate) => itemOf(candidate, nowMs))
      const counted = items.filter((item) => item !== null)
      if (counted.length === 0) return []
      const [first] = counted
      if (counted.length === 1 && first !== undefined && countFromStock(first, nowMs)) return []
      return batcher.addGroup(counted).then((failures) => {
        let next = 0
        return items.map((item) => (item === null ? null : (failures[next++] ?? null)))
      })
    },
    async close() {
      await batcher.close()
      await stock.close()
      await counters.close()
    },
  }
}

/** @param endsInMs of a window that ends a time after its first message */
function stateAt(
  nowMs: number,
  counter: LimitCounter,
  left: number,
  endsInMs: number,
): CounterState {
  const { endsAtMs } = counter
  return { counter, left, endsInMs: endsAtMs === null ? endsInMs : endsAtMs - nowMs }
}

function demandsOf(items: readonly Item[]): Demand[] {
  const demands = new Map<string, Demand & { count: number }>()
  for (const item of items) {
    for (const { name, key, limit, windowS } of item.counters) {
      const known = demands.get(key)
      if (known !== undefined) known.count++
      else demands.set(key, { key, limit, windowS, count: 1, isOfDestination: isGuarding(name) })
    }
  }
  return [...demands.values()]
}

/** Keys of what a stock is of use for: a message that has to ask for its destination asks for all. */
function stockedOf(items: readonly Item[]): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const { counters } of items) {
    if (counters.some(({ name }) => isGuarding(name))) continue
    for (const { key } of counters) keys.add(key)
  }
  return keys
}

/** What is given back at the same time goes back together. */
function createReturns(taken: Taken) {
  let gathered: Map<string, number> | null = null
  function flush(): void {
    const unused = gathered
    gathered = null
    if (unused !== null) void taken.giveBack(unused)
  }
  function add(key: string, count: number): void {
    if (count < 1) return
    if (gathered === null) {
      gathered = new Map()
      queueMicrotask(flush)
    }
    gathered.set(key, (gathered.get(key) ?? 0) + count)
  }
  return {
    add,
    addOne(counters: readonly LimitCounter[]): void {
      for (const { key } of counters) add(key, 1)
    },
  }
}
