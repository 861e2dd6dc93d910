/** Counters that forget by themselves: what the limits of customers are counted with. */

export interface Demand {
  readonly key: string
  /** How many are wanted: at least 1. */
  readonly count: number
  /** The most that may be taken in a window. */
  readonly limit: number
  /** Begins with the first that is taken. */
  readonly windowS: number
  /** Whether there is a counter a destination: then many, and each of little weight. */
  readonly isOfDestination: boolean
}

export interface Grant {
  /** As many of those wanted as there were left. */
  readonly granted: number
  /** How many there are now. */
  readonly left: number
  /** Until the window ends. */
  readonly endsInMs: number
}

export interface Taken {
  /** In the order of the demands. */
  readonly grants: readonly Grant[]
  /** Whether other processes were counted too. */
  readonly isShared: boolean
  /** Of what was granted, what was not used, by key. Best effort: never rejects. */
  giveBack(unused: ReadonlyMap<string, number>): Promise<void>
}

export interface Counters {
  /** Each demand has a key of its own. All at once: one round trip, where there is one. */
  take(demands: readonly Demand[]): Promise<Taken>
  /** To the shared counters, of what was granted there in the same window. Best effort: never rejects. */
  giveBack(unused: readonly (readonly [Demand, number])[]): Promise<void>
  close(): Promise<void>
}

/** @param counted what would be counted if everything that is wanted were granted */
export function grantOf({ count, limit }: Demand, counted: number, endsInMs: number): Grant {
  const free = Math.max(0, limit - (counted - count))
  const granted = Math.min(count, free)
  return { granted, left: free - granted, endsInMs }
}

/** The demands of which something is given back, with how much. */
export function givenBack(
  demands: readonly Demand[],
  unused: ReadonlyMap<string, number>,
): (readonly [Demand, number])[] {
  return demands.flatMap((demand) => {
    const count = unused.get(demand.key) ?? 0
    return count > 0 ? [[demand, count] as const] : []
  })
}
