/** The last minute of what all processes counted, out of what each of them tells each second. */
import type { ProcessFigures } from '../../figures/process-figures.ts'

export interface FiguresWindow {
  /** Takes a reading. Who told nothing new for `silentMsMax` is left out. */
  add(told: readonly ProcessFigures[], nowMs: number): void
  /** Those that tell. */
  readonly processes: readonly ProcessFigures[]
  /** By how much a counter grew, a second, over the last `seconds`. */
  perSecond(key: string, seconds: number): number
  /** The same of one process. */
  perSecondOf(instance: string, key: string, seconds: number): number
  /** By how much it grew over the whole minute. */
  growth(key: string): number
  /** What was counted into each bucket over the last `seconds`. */
  buckets(key: string, seconds: number): number[]
  /** Gauges of those that tell. */
  sum(key: string): number
  max(key: string): number
  /** The names, after `prefix`, of what anybody tells. */
  namesAfter(prefix: string): string[]
}

const windowMs = 60_000
const silentMsMax = 5_000
/** Readings kept; those of a minute, with room for clocks that jitter. */
const slotsMax = 120

interface Slot {
  readonly atMs: number
  readonly growth: ReadonlyMap<string, number>
  readonly growthOf: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly buckets: ReadonlyMap<string, readonly number[]>
}

export function createFiguresWindow(): FiguresWindow {
  const last = new Map<string, { figures: ProcessFigures; changedAtMs: number }>()
  let slots: readonly Slot[] = []
  let processes: readonly ProcessFigures[] = []
  let nowMs = 0

  function add(told: readonly ProcessFigures[], atMs: number): void {
    nowMs = atMs
    const growthOf = new Map<string, Map<string, number>>()
    const buckets = new Map<string, number[]>()
    for (const figures of told) {
      const before = last.get(figures.instance)
      if (before?.figures.sequence === figures.sequence) continue
      last.set(figures.instance, { figures, changedAtMs: atMs })
      // What it counted before it was first seen is older than this window.
      if (before === undefined) continue
      growthOf.set(figures.instance, growthBetween(before.figures, figures))
      addBuckets(buckets, before.figures, figures)
    }
    const there = new Set(told.map(({ instance }) => instance))
    for (const [instance, { changedAtMs }] of last) {
      if (!there.has(instance) || atMs - changedAtMs > windowMs) last.delete(instance)
    }
    processes = [...last.values()]
      .filter(({ changedAtMs }) => atMs - changedAtMs <= silentMsMax)
      .map(({ figures }) => figures)
    const slot: Slot = { atMs, growth: added([...growthOf.values()]), growthOf, buckets }
    slots = [...slots.filter((kept) => atMs - kept.atMs < windowMs), slot].slice(-slotsMax)
  }

  const since = (seconds: number): readonly Slot[] =>
    slots.filter((slot) => nowMs - slot.atMs < seconds * 1000)

  const gauges = (key: string): number[] => processes.flatMap(({ values }) => values[key] ?? [])

  return {
    add,
    get processes() {
      return processes
    },
    perSecond: (key, seconds) =>
      since(seconds).reduce((sum, { growth }) => sum + (growth.get(key) ?? 0), 0) / seconds,
    perSecondOf: (instance, key, seconds) =>
      since(seconds).reduce(
        (sum, { growthOf }) => sum + (growthOf.get(instance)?.get(key) ?? 0),
        0,
      ) / seconds,
    growth: (key) => slots.reduce((sum, { growth }) => sum + (growth.get(key) ?? 0), 0),
    buckets: (key, seconds) =>
      since(seconds).reduce<number[]>(
        (sums, slot) => addedCounts(sums, slot.buckets.get(key) ?? []),
        [],
      ),
    sum: (key) => gauges(key).reduce((sum, value) => sum + value, 0),
    max: (key) => Math.max(0, ...gauges(key)),
    namesAfter(prefix) {
      const names = processes.flatMap(({ values }) =>
        Object.keys(values).flatMap((key) =>
          key.startsWith(prefix) ? (key.slice(prefix.length).split('|')[0] ?? []) : [],
        ),
      )
      return [...new Set(names)]
    },
  }
}

/** A counter that is smaller than before began anew, with its process. */
const grown = (before: number | undefined, now: number): number =>
  before === undefined || now < before ? now : now - before

function growthBetween(before: ProcessFigures, now: ProcessFigures): Map<string, number> {
  return new Map(
    Object.entries(now.values).map(([key, value]) => [key, grown(before.values[key], value)]),
  )
}

function addBuckets(
  into: Map<string, number[]>,
  before: ProcessFigures,
  now: ProcessFigures,
): void {
  for (const [key, counts] of Object.entries(now.histograms)) {
    const old = before.histograms[key]
    const growth = counts.map((count, index) => grown(old?.[index], count))
    into.set(key, addedCounts(into.get(key) ?? [], growth))
  }
}

function addedCounts(a: readonly number[], b: readonly number[]): number[] {
  const longer = a.length >= b.length ? a : b
  return longer.map((_, index) => (a[index] ?? 0) + (b[index] ?? 0))
}

function added(growths: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const growth of growths) {
    for (const [key, value] of growth) sums.set(key, (sums.get(key) ?? 0) + value)
  }
  return sums
}
