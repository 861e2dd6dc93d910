/** One batch of reports on its way: POSTed until acknowledged, given up, or aborted. */
import type { Random } from './randomness.ts'

/** One POST of a batch takes no longer. */
export const reportTimeoutMs = 10_000
/** POSTs of one batch at most: over half an hour of a dead receiver at the longest back-off. */
export const reportAttemptsMax = 1_000
/** The back-off doubles from the first to the longest, with jitter down to its half. */
export const reportBackoffFirstMs = 50
export const reportBackoffMsMax = 2_000
/** A Retry-After is honoured up to here. */
export const retryAfterMsMax = 60_000

export interface ReportBatch {
  readonly url: string
  readonly secret: string | null
  readonly body: string
  readonly signal: AbortSignal
  readonly random: Random
  /** Called before every POST but the first. */
  readonly onRetry: () => void
}

export type ReportPostOutcome = 'acknowledged' | 'given_up' | 'aborted'

/** Never throws. */
export async function postReports(batch: ReportBatch): Promise<ReportPostOutcome> {
  for (let attempt = 1; attempt <= reportAttemptsMax; attempt++) {
    if (attempt > 1) batch.onRetry()
    const reply = await postOnce(batch)
    if (reply.acknowledged) return 'acknowledged'
    if (batch.signal.aborted) return 'aborted'
    const waitMs = Math.max(reply.retryAfterMs, backoffMs(attempt, batch.random))
    if (attempt < reportAttemptsMax) await pause(waitMs, batch.signal)
    if (batch.signal.aborted) return 'aborted'
  }
  return 'given_up'
}

/** The wait after the `attempt`-th POST failed, counted from 1. */
export function backoffMs(attempt: number, random: Random): number {
  const whole = Math.min(reportBackoffMsMax, reportBackoffFirstMs * 2 ** Math.min(attempt - 1, 20))
  return whole / 2 + (random() * whole) / 2
}

/** RFC 9110 §10.2.3: seconds or a date. 0 for none or for what cannot be read. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs
  return Number.isNaN(waitMs) ? 0 : Math.min(retryAfterMsMax, Math.max(0, waitMs))
}

interface Reply {
  readonly acknowledged: boolean
  readonly retryAfterMs: number
}

async function postOnce(batch: ReportBatch): Promise<Reply> {
  try {
    const response = await fetch(batch.url, {
      method: 'POST',
      headers: headersOf(batch.secret),
      body: batch.body,
      redirect: 'manual',
      signal: AbortSignal.any([batch.signal, AbortSignal.timeout(reportTimeoutMs)]),
    })
    // Unread bodies would keep their connections.
    await response.arrayBuffer()
    const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), Date.now())
    return { acknowledged: response.ok, retryAfterMs }
  } catch {
    return { acknowledged: false, retryAfterMs: 0 }
  }
}

function headersOf(secret: string | null): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (secret !== null) headers.authorization = `Bearer ${secret}`
  return headers
}

function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, waitMs)
    function end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
