/** A delivery report, and the reports one taken message makes. */
import type { Behaviour, FinalStatus } from './behaviour.ts'
import { drawDelayMs } from './distribution.ts'
import type { Random } from './randomness.ts'

export type ReportStatus = FinalStatus | 'accepted'

/** One object from the draw to the acknowledgement: made per report, so kept small. */
export interface Report {
  readonly messageId: string
  readonly callbackUrl: string
  readonly status: ReportStatus
  /** Milliseconds since the Unix epoch; set when it becomes due. */
  occurredAtMs: number
  /** Called once when it was acknowledged or given up. */
  readonly onSettled: (() => void) | null
}

/** What happens when, for one message: at most three reports. */
export interface PlannedReport {
  readonly status: ReportStatus
  readonly delayMs: number
}

/** Draws the reports of a taken message, the final one first; empty for a message that gets none. */
export type ReportPlanner = (random: Random) => PlannedReport[]

export function reportPlanner(behaviour: Behaviour): ReportPlanner {
  const drawStatus = statusDraw(behaviour.report_status)
  return function plan(random) {
    if (!behaviour.reports_enabled || drawn(behaviour.report_never_rate, random)) return []
    const status = drawStatus(random)
    const delayMs = drawDelayMs(behaviour.report_delay, random)
    const planned: PlannedReport[] = [{ status, delayMs }]
    const later = () => delayMs + drawDelayMs(behaviour.report_delay, random)
    if (drawn(behaviour.report_duplicate_rate, random)) planned.push({ status, delayMs: later() })
    if (drawn(behaviour.report_reorder_rate, random)) {
      planned.push({ status: 'accepted', delayMs: later() })
    } else if (drawn(behaviour.report_accepted_rate, random)) {
      planned.push({ status: 'accepted', delayMs: delayMs / 2 })
    }
    return planned
  }
}

/** Whether a share of `rate` includes this one. Costs no random number at 0. */
export function drawn(rate: number, random: Random): boolean {
  return rate > 0 && random() < rate
}

function statusDraw(weights: Behaviour['report_status']): (random: Random) => FinalStatus {
  const mix = (Object.entries(weights) as [FinalStatus, number][]).filter(([, share]) => share > 0)
  const last = mix.at(-1)?.[0] ?? 'delivered'
  if (mix.length < 2) return () => last
  const total = mix.reduce((sum, [, share]) => sum + share, 0)
  return function draw(random) {
    let chance = random() * total
    for (const [status, share] of mix) {
      chance -= share
      if (chance < 0) return status
    }
    return last
  }
}

/** The error code a status is reported with; null for none. */
const errorCodes: Readonly<Record<ReportStatus, string | null>> = {
  accepted: null,
  delivered: null,
  undelivered: 'absent_subscriber',
  expired: 'validity_expired',
  rejected: 'blocked_by_operator',
  unknown: 'no_final_status',
}

/** The contract's JSON array. Written by hand: it is most of what a report costs here. */
export function reportsJson(reports: readonly Report[]): string {
  let json = '['
  let lastMs = Number.NaN
  let occurredAt = ''
  for (const report of reports) {
    if (report.occurredAtMs !== lastMs) {
      lastMs = report.occurredAtMs
      occurredAt = new Date(lastMs).toISOString()
    }
    const errorCode = errorCodes[report.status]
    const error = errorCode === null ? '' : `"error_code":"${errorCode}",`
    if (json.length > 1) json += ','
    json += `{"message_id":"${report.messageId}","status":"${report.status}",${error}"occurred_at":"${occurredAt}"}`
  }
  return `${json}]`
}
