/**
 * Points of large limits that this process took ahead of need, so that most messages are counted without asking anybody. They were
 * granted like any other, so a limit is never exceeded; what this process does not need of them is missing to the others until their
 * window ends. Therefore it is a small part of the limit, and nothing of a small one.
 */

import type { Counters, Demand, Grant } from '../limits/counters.ts'
import type { Clock } from '../runtime/clock.ts'

export interface StockOptions {
  readonly counters: Pick<Counters, 'giveBack'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** What a message is counted against. */
export type Quota = Pick<Demand, 'key' | 'limit'>

/** What is left of a counter, as far as this process knows. */
export interface StockLevel {
  readonly left: number
  readonly endsInMs: number
}

export interface StockTaken {
  /** In the order of the quotas. */
  readonly levels: readonly StockLevel[]
  /** Of no use after all: into the window it was taken from, which may be over. Call it at most once. */
  putBack(): void
}

export interface Stock {
  /** One point of each, or of none: then null. At least one quota, each with a key of its own. */
  takeOne(quotas: readonly Quota[]): StockTaken | null
  /** How many more than those wanted should be asked for. */
  extraOf(demand: Demand): number
  /** Keeps as many of those granted and not used as it may; answers how many. */
  keep(demand: Demand, grant: Grant, unused: number, source: StockSource): number
  /** Gives back what was taken from shared counters. */
  close(): Promise<void>
}

export interface StockSource {
  /** When it was asked for, by the monotonic clock: what is left of the window counts from there. */
  readonly askedAtMs: number
  /** Whether other processes miss what is kept here. */
  readonly isShared: boolean
}

/** The part of a limit that a process may have in stock. */
const shareMax = 1 / 500
const pointsMax = 1_000
/** A stock of less is not worth its inexactness. */
const pointsMin = 10
/** For one message that had to ask, so many more are asked for: who sends little stocks little. */
const extraPerMessage = 8
/** Counters with a stock; with more, those that were filled longest ago lose theirs. */
const keysMax = 10_000

/** Of one window. */
interface Shelf {
  readonly demand: Demand
  readonly isShared: boolean
  endsAtMs: number
  /** In the shared counter, when it was last asked. */
  leftThere: number
  points: number
}

export function createStock({ counters, clock }: StockOptions): Stock {
  const shelves = new Map<string, Shelf>()

  /** One whose points can be used: its window has not ended, and the limit is still the same. */
  function shelfOf({ key, limit }: Quota, nowMs: number): Shelf | undefined {
    const shelf = shelves.get(key)
    if (shelf === undefined) return undefined
    if (nowMs < shelf.endsAtMs && shelf.demand.limit === limit) return shelf
    shelves.delete(key)
    return undefined
  }

  function remember(shelf: Shelf): void {
    shelves.delete(shelf.demand.key)
    const [oldest] = shelves.keys()
    if (shelves.size >= keysMax && oldest !== undefined) shelves.delete(oldest)
    shelves.set(shelf.demand.key, shelf)
  }

  return {
    takeOne(quotas) {
      const nowMs = clock.monotonicMs()
      const found: Shelf[] = []
      for (const quota of quotas) {
        const shelf = shelfOf(quota, nowMs)
        if (shelf === undefined || shelf.points < 1) return null
        found.push(shelf)
      }
      const levels = found.map((shelf) => {
        shelf.points--
        return { left: shelf.leftThere + shelf.points, endsInMs: shelf.endsAtMs - nowMs }
      })
      return {
        levels,
        putBack() {
          for (const shelf of found) shelf.points++
        },
      }
    },
    extraOf(demand) {
      const most = stockMax(demand.limit)
      if (most < pointsMin) return 0
      const had = shelfOf(demand, clock.monotonicMs())?.points ?? 0
      return Math.max(0, Math.min(most, demand.count * extraPerMessage) - had)
    },
    keep(demand, grant, unused, { askedAtMs, isShared }) {
      const nowMs = clock.monotonicMs()
      const endsAtMs = askedAtMs + grant.endsInMs
      const shelf = shelfOf(demand, nowMs) ?? {
        demand,
        isShared,
        endsAtMs,
        leftThere: 0,
        points: 0,
      }
      // Points that may have to go back go back where they are from.
      if (shelf.isShared !== isShared || nowMs >= endsAtMs) return 0
      const kept = Math.max(0, Math.min(unused, stockMax(demand.limit) - shelf.points))
      shelf.points += kept
      shelf.endsAtMs = Math.min(shelf.endsAtMs, endsAtMs)
      shelf.leftThere = grant.left + unused - kept
      remember(shelf)
      return kept
    },
    async close() {
      const nowMs = clock.monotonicMs()
      const left = [...shelves.values()].filter(
        ({ endsAtMs, isShared, points }) => isShared && points > 0 && nowMs < endsAtMs,
      )
      shelves.clear()
      if (left.length === 0) return
      await counters.giveBack(left.map(({ demand, points }) => [demand, points] as const))
    },
  }
}

function stockMax(limit: number): number {
  return Math.min(pointsMax, Math.floor(limit * shareMax))
}
