/** Whether what was sampled stayed flat: medians of the first and the last quarter of the run, compared. */
import { type RoleName, type RoleSample, roleNames, type Sample } from './samples.ts'

/** How far the last quarter may be above the first: by a share of it and a constant. */
interface Bound {
  readonly times: number
  readonly plus: number
}

interface Series {
  readonly what: string
  readonly of: (sample: Sample) => number
  /** Null where growth is what the role is for: the operator remembers every message. */
  readonly bound: Bound | null
}

export interface Comparison {
  readonly what: string
  readonly first: number
  readonly last: number
  readonly most: number | null
}

/** Samples in a quarter at least; fewer say nothing. */
export const quarterSamplesMin = 2

const bounds: Readonly<Record<keyof RoleSample, Bound>> = {
  residentMebibytes: { times: 1.2, plus: 16 },
  handles: { times: 1, plus: 10 },
  connections: { times: 1, plus: 10 },
  loopLagMs: { times: 1, plus: 50 },
}
const labels: Readonly<Record<keyof RoleSample, string>> = {
  residentMebibytes: 'resident MiB',
  handles: 'file handles',
  connections: 'connections',
  loopLagMs: 'event loop lag p99, ms',
}
const queueDepthBound: Bound = { times: 1, plus: 2_000 }

function seriesOf(role: RoleName): Series[] {
  const fields = Object.keys(labels) as (keyof RoleSample)[]
  return fields.map((field) => ({
    what: `${role}: ${labels[field]}`,
    of: ({ roles }) => roles[role][field],
    bound: role === 'operator' && field === 'residentMebibytes' ? null : bounds[field],
  }))
}

const allSeries: readonly Series[] = [
  ...roleNames.flatMap(seriesOf),
  { what: 'queue depth', of: ({ queueDepth }) => queueDepth, bound: queueDepthBound },
]

/** @throws RangeError when there are too few samples */
export function compareQuarters(samples: readonly Sample[]): Comparison[] {
  const size = Math.floor(samples.length / 4)
  if (size < quarterSamplesMin) {
    throw new RangeError(`${samples.length} samples are too few: run it for longer`)
  }
  const [start, end] = [samples.slice(0, size), samples.slice(-size)]
  return allSeries.map(({ what, of, bound }) => {
    const first = median(start.map(of))
    const most = bound === null ? null : first * bound.times + bound.plus
    return { what, first, last: median(end.map(of)), most }
  })
}

export function isFlat({ last, most }: Comparison): boolean {
  return most === null || last <= most
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
