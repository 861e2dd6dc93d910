/** Taking providers' delivery reports: reports of several requests are stored and applied in one commit. */
import { dayMs } from '../domain/duration.ts'
import type { ProviderReport } from '../domain/provider-report.ts'
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Tracing, traceReports } from '../runtime/tracing.ts'
import type { Store } from '../store/store.ts'
import type { ApiMetrics } from './api-metrics.ts'
import type { ProviderReportBody } from './report-schemas.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'

export interface ReportIntakeOptions {
  readonly store: Pick<Store, 'applyReports'>
  readonly classify: ClassifyDatabaseError
  readonly metrics: ApiMetrics
  readonly clock: Clock
  /** Reports are matched to messages accepted within this time. */
  readonly reportMatchWindowMs: number
  /** Whether a report that matches nothing may be parked; otherwise it is refused. */
  readonly mayPark: () => boolean
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

export interface ReportIntake {
  /** Resolves once they are stored; false: all but those that match nothing. @throws what `storeFailure` explains */
  store(provider: string, reports: readonly ProviderReportBody[]): Promise<boolean>
  close(): Promise<void>
}

const batchMax = 2_000
/** Two statements at once would wait for each other's rows. */
const flightsMax = 1
const lingerMs = 10

/** Reports waiting or being stored; a provider that is refused sends again. */
const pendingMax = 20_000

/** A provider's clock may be wrong by so much; later than that, or years ago, says nothing about when it happened. */
const futureMsMax = dayMs
const pastMsMax = 365 * dayMs

export function createReportIntake(options: ReportIntakeOptions): ReportIntake {
  const { store, classify, metrics, clock, reportMatchWindowMs } = options

  const batcher = createBatcher<ProviderReport, boolean>({
    name: 'reports',
    batchMax,
    pendingMax,
    flightsMax,
    lingerMs,
    run: apply,
    isItemFault: (error) => classify(error) === 'data',
    onBatch: (size) => metrics.reportBatchSize.observe(size),
  })

  /** Answers which of them are stored. */
  async function apply(reports: readonly ProviderReport[]): Promise<readonly boolean[]> {
    const nowMs = clock.now()
    const taken = await store.applyReports(reports, reportMatchWindowMs, nowMs, options.mayPark())
    traceReports(options.tracing, taken.traced, nowMs)
    metrics.reportsMatched.inc(taken.matched)
    metrics.reportsParked.inc(taken.parked)
    metrics.reportsRefused.inc(taken.refused.size)
    return reports.map((_, place) => !taken.refused.has(place))
  }

  function count(provider: string, reports: readonly ProviderReportBody[]): void {
    const counts = new Map<ProviderReportBody['status'], number>()
    for (const { status } of reports) counts.set(status, (counts.get(status) ?? 0) + 1)
    for (const [status, n] of counts) metrics.reportsReceived.inc({ provider, status }, n)
  }

  return {
    async store(provider, reports) {
      const nowMs = clock.now()
      count(provider, reports)
      const stored = await batcher.addGroup(
        reports.map((report) => toReport(provider, report, nowMs)),
      )
      return !stored.includes(false)
    },
    close: () => batcher.close(),
  }
}

function toReport(provider: string, report: ProviderReportBody, nowMs: number): ProviderReport {
  const { message_id, status, error_code, occurred_at } = report
  const givenMs = typeof occurred_at === 'string' ? Date.parse(occurred_at) : Number.NaN
  return {
    provider,
    providerMessageId: message_id,
    status,
    errorCode: error_code || null,
    occurredAtMs: givenMs <= nowMs + futureMsMax && givenMs >= nowMs - pastMsMax ? givenMs : null,
  }
}
