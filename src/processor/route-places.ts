/**
 * Places at the providers of a route. The first rank in which a provider is well is asked; only when it is full for some time does the
 * next rank get its messages: which one it is shall not hang on a full millisecond.
 */
import type { Route } from '../domain/routing.ts'
import type { ProviderPool, Reservation, ReserveOptions } from '../providers/provider-pool.ts'
import type { Clock } from '../runtime/clock.ts'

/** So long a message waits for a place in the best rank, holding its permit. */
export const placeWaitMsMax = 1_000

export interface RoutePlacesOptions {
  readonly pool: Pick<ProviderPool, 'reserve' | 'reserveWithin' | 'mayAsk'>
  /** Messages that wait at once: the others have to have permits left, for other providers. */
  readonly waitingMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
}

interface Waiter {
  readonly wanted: ReserveOptions
  readonly untilMs: number
  readonly signal: AbortSignal
  readonly resolve: (place: Reservation | null) => void
  readonly reject: (error: unknown) => void
}

export interface RoutePlaces {
  /** Whether the provider is in the best rank, so that a place there may be used. */
  fits(route: Route, provider: string, express: boolean): boolean
  /**
   * A place as far ahead on the route as there is one; null when no provider of it is healthy, when `waitMs` is over, when too many
   * wait already, or when the signal aborts.
   */
  reserve(
    route: Route,
    wanted: ReserveOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Reservation | null>
}

export function createRoutePlaces({ pool, waitingMax, clock }: RoutePlacesOptions): RoutePlaces {
  let waiting = 0

  const bestRank = ({ ranks }: Route, wanted: ReserveOptions) =>
    ranks.find((among) => pool.mayAsk({ ...wanted, among }))

  /** In whichever rank there is one now. */
  function anyPlace({ ranks }: Route, wanted: ReserveOptions): Reservation | null {
    for (const among of ranks) {
      const place = pool.reserve({ ...wanted, among })
      if (place !== null) return place
    }
    return null
  }

  /** Who stands in line for a rank; the first of them asks the pool, so that a place that comes free does not wake them all. */
  const lines = new Map<string, Waiter[]>()
  const lineOf = (among: readonly string[], { express }: ReserveOptions): string =>
    `${express ? 'express' : 'normal'} ${among.join(' ')}`

  async function waitFor(
    among: readonly string[],
    wanted: ReserveOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Reservation | null> {
    waiting++
    try {
      // Failing over is rare, and each has tried others.
      if (wanted.exclude !== undefined) {
        return await pool.reserveWithin({ ...wanted, among }, waitMs, signal)
      }
      const name = lineOf(among, wanted)
      const untilMs = clock.monotonicMs() + waitMs
      return await new Promise((resolve, reject) => {
        const waiter = { wanted: { ...wanted, among }, untilMs, signal, resolve, reject }
        const line = lines.get(name)
        if (line !== undefined) {
          line.push(waiter)
          return
        }
        const opened = [waiter]
        lines.set(name, opened)
        void serve(name, opened)
      })
    } finally {
      waiting--
    }
  }

  async function serve(name: string, line: Waiter[]): Promise<void> {
    for (let [head] = line; head !== undefined; [head] = line) {
      const { wanted, untilMs, signal, resolve, reject } = head
      const leftMs = untilMs - clock.monotonicMs()
      await pool.reserveWithin(wanted, leftMs, signal).then(resolve, reject)
      line.shift()
    }
    lines.delete(name)
  }

  return {
    fits: (route, provider, express) => bestRank(route, { express })?.includes(provider) ?? false,
    async reserve(route, wanted, waitMs, signal) {
      const beganMs = clock.monotonicMs()
      const leftMs = (ofMs: number): number => beganMs + ofMs - clock.monotonicMs()
      const mayWait = (ofMs: number): boolean =>
        leftMs(ofMs) > 0 && waiting < waitingMax && !signal.aborted

      const chosenMs = Math.min(waitMs, placeWaitMsMax)
      for (;;) {
        const among = bestRank(route, wanted)
        if (among === undefined || signal.aborted) return null
        const isInUse = wanted.exclude === undefined && lines.has(lineOf(among, wanted))
        const place = isInUse ? null : pool.reserve({ ...wanted, among })
        if (place !== null) return place
        if (!mayWait(chosenMs)) break
        // Null also when this rank fails meanwhile: then there is another best one.
        const waited = await waitFor(among, wanted, leftMs(chosenMs), signal)
        if (waited !== null) return waited
      }
      const place = anyPlace(route, wanted)
      if (place !== null || !mayWait(waitMs)) return place
      return await waitFor(route.ranks.flat(), wanted, leftMs(waitMs), signal)
    },
  }
}
