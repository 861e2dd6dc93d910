/** What the console is told each second. */

/** Median, 95th and 99th percentile in seconds, of the last ten seconds. Null: nothing was measured. */
export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface LaneFigures {
  readonly lane: string
  readonly acceptedPerSecond: number
  readonly submittedPerSecond: number
  readonly finalPerSecond: number
  /** In the queue, read or unread; null when the queue cannot be asked. */
  readonly backlog: number | null
  /** Of the oldest there; null when there is none, or the queue cannot be asked. */
  readonly oldestAgeSeconds: number | null
  /** From acceptance to the claim. */
  readonly queueWait: Percentiles | null
}

export interface ProviderFigures {
  readonly name: string
  /** How many processors have its circuit in each state. */
  readonly circuits: { readonly closed: number; readonly half_open: number; readonly open: number }
  readonly inFlight: number
  readonly submittedPerSecond: number
  /** Of the last minute's submits, how many it took, from 0 to 1; null when there were none. */
  readonly takenRatio: number | null
  /** Of the last minute's final messages, how many were delivered, from 0 to 1; null when there were none. */
  readonly deliveredRatio: number | null
  readonly submit: Percentiles | null
}

export interface LiveFigures {
  /** RFC 3339. */
  readonly at: string
  readonly processes: readonly {
    readonly instance: string
    readonly role: string
    readonly version: string
    readonly memoryBytes: number
    /** Seconds of a processor for each second. */
    readonly cpu: number
  }[]
  readonly lanes: readonly LaneFigures[]
  readonly providers: readonly ProviderFigures[]
  readonly refusedPerSecond: number
  readonly failedPerSecond: number
  readonly accept: Percentiles | null
  readonly acceptedToFinal: Percentiles | null
  readonly deadLetters: number
  readonly deadLettersOldestAgeSeconds: number
  readonly parkedReports: number
  readonly webhooksWaiting: number
  readonly webhooksOverdueSeconds: number
  readonly webhooksPerSecond: number
  readonly replicaLagSeconds: number
}

/** A second of the recent past, for the charts: in the order of `LiveFigures.lanes`. */
export interface HistoryPoint {
  /** Seconds since 1970. */
  readonly at: number
  readonly accepted: readonly number[]
  readonly submitted: readonly number[]
  readonly final: readonly number[]
  readonly backlog: readonly (number | null)[]
  readonly acceptedToFinalP95: number | null
  readonly acceptP95: number | null
}

/** Seconds that the history goes back. */
export const historyPointsMax = 900

export function toHistoryPoint(figures: LiveFigures): HistoryPoint {
  const { lanes } = figures
  return {
    at: Math.round(Date.parse(figures.at) / 1000),
    accepted: lanes.map(({ acceptedPerSecond }) => acceptedPerSecond),
    submitted: lanes.map(({ submittedPerSecond }) => submittedPerSecond),
    final: lanes.map(({ finalPerSecond }) => finalPerSecond),
    backlog: lanes.map(({ backlog }) => backlog),
    acceptedToFinalP95: figures.acceptedToFinal?.p95 ?? null,
    acceptP95: figures.accept?.p95 ?? null,
  }
}
