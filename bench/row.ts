/** What a row of the benchmark is, and what it answers. */
import type { LoadResult } from './load/load-plan.ts'
import type { Servers } from './servers.ts'

export interface Row {
  readonly name: string
  readonly summary: string
  run(bench: Bench): Promise<RowResult>
}

export interface Bench {
  /** New servers for this row; stopped when it is over. */
  servers(): Promise<Servers>
  /** Durations and counts are multiplied by it: 1, or less to see that a row runs. */
  readonly scale: number
  /** An empty directory. */
  readonly directory: string
  readonly signal: AbortSignal
}

export interface Figure {
  readonly what: string
  readonly unit: string
  readonly value: number
  /** What design asks for; null when it asks for nothing. */
  readonly target: Target | null
}

export interface Target {
  readonly kind: 'at least' | 'at most'
  readonly value: number
}

export interface RowResult {
  /** The first one is compared with the floor. */
  readonly figures: readonly [Figure, ...Figure[]]
  /** The same kind of work without the product, measured in the same run; null when there is none. */
  readonly floor: Figure | null
  /** CPU time of each process, in microseconds a message. */
  readonly cpuMicroseconds: Readonly<Record<string, number>>
  /** What went wrong: a figure with a fault beside it counts for nothing. */
  readonly faults: readonly string[]
}

export const atLeast = (value: number): Target => ({ kind: 'at least', value })
export const atMost = (value: number): Target => ({ kind: 'at most', value })

export function isMet({ value, target }: Figure): boolean {
  if (target === null) return true
  return target.kind === 'at least' ? value >= target.value : value <= target.value
}

/** The figure over its floor; null without a floor. */
export function ratioOf({ figures, floor }: RowResult): number | null {
  return floor === null ? null : figures[0].value / floor.value
}

export function failuresOf({ failures }: LoadResult): string[] {
  return Object.entries(failures).map(([status, count]) => `${count} requests ended with ${status}`)
}
