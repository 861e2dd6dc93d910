/** What one identity counts. Plain numbers, read by the control routes and by the metrics. */
import type { Fate } from './fate.ts'
import { fates } from './fate.ts'

/** A submit's fate, or `invalid`: the request broke the contract and no fate was drawn. */
export const outcomes = [...fates, 'invalid'] as const
export type Outcome = Fate | 'invalid'

export interface ReportCounters {
  /** Reports made by taken messages; a repeated report counts twice. */
  planned: number
  /** Reports POSTed at least once. */
  sent: number
  /** Reports answered with 2xx. */
  acknowledged: number
  /** Reports given up after the last attempt. */
  failed: number
  /** Reports not kept because too many were pending. */
  dropped: number
  /** POSTs of a batch after its first. */
  retries: number
}

export interface Counters {
  /** Requests to the submit path. */
  submits: number
  /** Message ids handed out; also those the client never got to see. */
  taken: number
  /** Submits of a reference that had been taken before. */
  duplicates: number
  readonly outcomes: Record<Outcome, number>
  readonly reports: ReportCounters
}

export function newCounters(): Counters {
  return {
    submits: 0,
    taken: 0,
    duplicates: 0,
    outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<
      Outcome,
      number
    >,
    reports: { planned: 0, sent: 0, acknowledged: 0, failed: 0, dropped: 0, retries: 0 },
  }
}

/** Sets every count to 0, in place: whoever holds the counters goes on counting in them. */
export function clearCounters(counters: Counters): void {
  const { outcomes: outcomesAtZero, reports: reportsAtZero, ...restAtZero } = newCounters()
  Object.assign(counters, restAtZero)
  Object.assign(counters.outcomes, outcomesAtZero)
  Object.assign(counters.reports, reportsAtZero)
}
