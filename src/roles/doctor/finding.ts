/** What the doctor finds: a verdict on one thing, and what to do when it is not well. */

export type Verdict = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** What was looked at: `PostgreSQL`, `provider primary`. */
  readonly subject: string
  readonly verdict: Verdict
  /** One sentence; never with a secret. */
  readonly detail: string
  /** What to do; null where nothing has to be done. */
  readonly remedy: string | null
}

/** About one subject. */
export interface Findings {
  ok(detail: string): Finding
  warning(detail: string, remedy: string): Finding
  fault(detail: string, remedy: string): Finding
}

export function findingsOf(subject: string): Findings {
  return {
    ok: (detail) => ({ subject, verdict: 'ok', detail, remedy: null }),
    warning: (detail, remedy) => ({ subject, verdict: 'warning', detail, remedy }),
    fault: (detail, remedy) => ({ subject, verdict: 'fault', detail, remedy }),
  }
}

/** The code of an error of the system, of a driver or of PostgreSQL; of several at once the first one. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? '' : codeOf(cause)
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error && error.message !== '' ? error.message : codeOf(error)
}

/** Two clocks may differ by so much without anybody being wrong: they were not read at the same instant. */
const clockDifferenceMsMax = 1_000

/**
 * @param askMs asks a server for its time, in milliseconds since the epoch
 */
export async function clockFinding(
  { ok, fault }: Findings,
  askMs: () => Promise<number>,
): Promise<Finding> {
  const beforeMs = Date.now()
  const serverMs = await askMs()
  const afterMs = Date.now()
  const differenceMs = Math.round(serverMs - (beforeMs + afterMs) / 2)
  if (Math.abs(differenceMs) <= clockDifferenceMsMax + (afterMs - beforeMs) / 2) {
    return ok('its clock agrees with this machine’s')
  }
  const direction = differenceMs > 0 ? 'ahead of' : 'behind'
  return fault(
    `its clock is ${Math.abs(differenceMs)} ms ${direction} this machine’s`,
    'synchronise both clocks (NTP): due times, validity and recovery go by them',
  )
}
