/** Everything between a taken message and its acknowledged reports, for one identity. */
import type { Clock } from '../runtime/clock.ts'
import type { Behaviour } from './behaviour.ts'
import type { ReportCounters } from './counters.ts'
import type { Random } from './randomness.ts'
import type { PlannedReport, Report } from './report.ts'
import { reportsJson } from './report.ts'
import type { ReportLane } from './report-lane.ts'
import { createReportLane } from './report-lane.ts'
import { postReports } from './report-post.ts'
import { createTimerWheel } from './timer-wheel.ts'

/** Reports of one identity that wait or fly at once; past it new ones are dropped, and that is counted. */
export const reportsPendingMax = 2_000_000
/** Reports become due this late at most. */
const wheelTickMs = 5

export interface ReportSender {
  /** Reports not settled: waiting for their time, for company, or for an acknowledgement. */
  readonly pending: number
  /** Sends each of `planned` when its delay has passed. */
  schedule(messageId: string, callbackUrl: string, planned: readonly PlannedReport[]): void
  /** Sends the report at once, waiting for no company; `onSettled` is called unless `clear` comes first. */
  sendNow(
    messageId: string,
    callbackUrl: string,
    planned: PlannedReport,
    onSettled: () => void,
  ): void
  /** Forgets every pending report, those in flight too. */
  clear(): void
  /**
   * Sends everything at once, due or not, and answers how many reports were not acknowledged when nothing
   * was left or `timeoutMs` had passed; those are forgotten.
   */
  flush(timeoutMs: number): Promise<number>
}

export interface ReportSenderOptions {
  readonly secret: string | null
  readonly behaviour: () => Behaviour
  readonly counters: ReportCounters
  readonly clock: Clock
  readonly random: Random
  /** Called when a batch was given up. */
  readonly onGivenUp: (callbackUrl: string, reports: number) => void
}

export function createReportSender(options: ReportSenderOptions): ReportSender {
  const { secret, behaviour, counters, clock, random, onGivenUp } = options
  const lanes = new Map<string, ReportLane>()
  const wheel = createTimerWheel<Report>({ tickMs: wheelTickMs, clock, onDue: enqueueAll })
  let abort = new AbortController()
  let onAllIdle: (() => void) | null = null
  let queued = 0

  const pending = () => wheel.size + queued

  function admit(): boolean {
    counters.planned++
    if (pending() < reportsPendingMax) return true
    counters.dropped++
    return false
  }

  function schedule(messageId: string, callbackUrl: string, planned: readonly PlannedReport[]) {
    for (const { status, delayMs } of planned) {
      if (!admit()) continue
      wheel.add(delayMs, { messageId, callbackUrl, status, occurredAtMs: 0, onSettled: null })
    }
  }

  function sendNow(
    messageId: string,
    callbackUrl: string,
    { status }: PlannedReport,
    onSettled: () => void,
  ) {
    if (!admit()) return onSettled()
    const report = { messageId, callbackUrl, status, occurredAtMs: clock.now(), onSettled }
    queued++
    laneOf(callbackUrl).add(report, true)
  }

  function enqueueAll(due: Report[]) {
    const nowMs = clock.now()
    queued += due.length
    for (const report of due) {
      report.occurredAtMs = nowMs
      laneOf(report.callbackUrl).add(report, false)
    }
  }

  function laneOf(url: string): ReportLane {
    const known = lanes.get(url)
    if (known !== undefined) return known
    const lane = createReportLane({
      behaviour,
      deliver: (reports) => deliver(url, reports),
      onIdle: () => forgetLane(url, lane),
    })
    lanes.set(url, lane)
    return lane
  }

  /** Addresses come from submits: an idle one is not kept. */
  function forgetLane(url: string, lane: ReportLane) {
    if (lanes.get(url) === lane) lanes.delete(url)
    if (lanes.size === 0) onAllIdle?.()
  }

  async function deliver(url: string, reports: Report[]) {
    const { signal } = abort
    counters.sent += reports.length
    const onRetry = () => {
      counters.retries++
    }
    const body = reportsJson(reports)
    const outcome = await postReports({ url, secret, body, signal, random, onRetry })
    // What was forgotten by `clear` is no longer counted.
    if (signal.aborted) return
    queued -= reports.length
    if (outcome === 'acknowledged') counters.acknowledged += reports.length
    else {
      counters.failed += reports.length
      onGivenUp(url, reports.length)
    }
    for (const report of reports) report.onSettled?.()
  }

  function clear() {
    wheel.drain()
    abort.abort()
    abort = new AbortController()
    for (const lane of lanes.values()) lane.clear()
    lanes.clear()
    queued = 0
  }

  async function flush(timeoutMs: number): Promise<number> {
    enqueueAll(wheel.drain())
    if (lanes.size > 0) await lanesIdle(timeoutMs)
    const left = queued
    clear()
    return left
  }

  function lanesIdle(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(end, timeoutMs)
      function end() {
        clearTimeout(timer)
        onAllIdle = null
        resolve()
      }
      onAllIdle = end
      for (const lane of lanes.values()) lane.hurry()
    })
  }

  return {
    get pending() {
      return pending()
    },
    schedule,
    sendNow,
    clear,
    flush,
  }
}
