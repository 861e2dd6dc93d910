/** Counters of this process alone. */
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { type Counters, type Demand, givenBack, grantOf } from './counters.ts'

export interface MemoryCountersOptions {
  /** Counters of customers and keys. With more, those that are not used for longest begin anew. */
  readonly countersMax: number
  /** The same of destinations, which cannot push out the others. */
  readonly destinationsMax: number
}

export const memoryCountersDefault: MemoryCountersOptions = {
  countersMax: 50_000,
  destinationsMax: 200_000,
}

/** Nearer to its end than this nothing is given back to a window, lest it be the next one's. */
const giveBackMsMin = 20

export function createMemoryCounters(options: MemoryCountersOptions): Counters {
  const ofCustomers = createShelf(options.countersMax)
  const ofDestinations = createShelf(options.destinationsMax)
  const shelfOf = (demand: Demand) => (demand.isOfDestination ? ofDestinations : ofCustomers)

  async function giveBack(unused: readonly (readonly [Demand, number])[]): Promise<void> {
    for (const [demand, count] of unused) await shelfOf(demand).giveBack(demand, count)
  }

  return {
    async take(demands) {
      const grants = await Promise.all(demands.map((demand) => shelfOf(demand).take(demand)))
      return {
        grants,
        isShared: false,
        giveBack: (unused) => giveBack(givenBack(demands, unused)),
      }
    },
    giveBack,
    close: async () => undefined,
  }
}

function createShelf(keysMax: number) {
  /** The library lets each operation have its own window; the limit is looked at here. */
  const limiter = new RateLimiterMemory({ keyPrefix: '', points: 1, duration: 1 })
  /** The library forgets what is over, and nothing else. */
  const known = new Set<string>()

  async function remember(key: string): Promise<void> {
    if (known.size > keysMax / 2) known.delete(key)
    known.add(key)
    if (known.size <= keysMax) return
    const [oldest = key] = known
    known.delete(oldest)
    await limiter.delete(oldest)
  }

  async function giveBack({ key }: Demand, count: number): Promise<void> {
    const counted = await limiter.get(key)
    if (counted === null || counted.msBeforeNext < giveBackMsMin) return
    await limiter.reward(key, Math.min(count, counted.consumedPoints))
  }

  return {
    async take(demand: Demand) {
      const { key, count, windowS } = demand
      const counting = limiter.penalty(key, count, { customDuration: windowS })
      await remember(key)
      const { consumedPoints, msBeforeNext } = await counting
      const grant = grantOf(demand, consumedPoints, msBeforeNext)
      // A limit that is raised is not used up by what was refused.
      if (grant.granted < count) await giveBack(demand, count - grant.granted)
      return grant
    },
    giveBack,
  }
}
