/** `sms-gateway reports parked` */
import type { Environment } from '../config/config.ts'
import type { ParkedReport } from '../store/parked-reports.ts'
import { printLine, withStore } from './admin-store.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

export interface ParkedReportsOptions {
  readonly limit: number
  readonly json: boolean
}

const table = createTable([
  ['RECEIVED', timeWidth],
  ['PROVIDER', 16],
  ['STATUS', 11],
  ['CHECKS', 6],
  ["PROVIDER'S MESSAGE ID", 0],
])

/** A line each, in the order in which they came. */
export function runParkedReports(
  environment: Environment,
  { limit, json }: ParkedReportsOptions,
): Promise<number> {
  return withStore(environment, async (store) => {
    const reports = await store.listParkedReports(limit)
    if (reports.length === 0 && !json) printLine('no parked reports')
    if (reports.length > 0 && !json) printLine(table.header)
    for (const report of reports) printLine(json ? jsonLine(report) : textLine(report))
    return exitCodes.ok
  })
}

function jsonLine(report: ParkedReport): string {
  return JSON.stringify({
    provider: report.provider,
    provider_message_id: report.providerMessageId,
    status: report.status,
    error_code: report.errorCode,
    occurred_at: report.occurredAt.toISOString(),
    received_at: report.receivedAt.toISOString(),
    checks: report.checks,
    check_at: report.checkAt.toISOString(),
  })
}

function textLine(report: ParkedReport): string {
  const { provider, providerMessageId, status, receivedAt, checks } = report
  const received = receivedAt.toISOString()
  return table.line([received, provider, status, String(checks), JSON.stringify(providerMessageId)])
}
