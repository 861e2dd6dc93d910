/** One line a request: debug when it went well, info when the client erred, error when we did. */
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { type Span, traceFields } from '../runtime/tracing.ts'

export interface AccessRecord {
  readonly requestId: string
  readonly method: string
  /** The route's pattern: addresses may hold recipients. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
  /** What a handler threw. */
  readonly error: unknown
  readonly span: Pick<Span, 'traceId' | 'spanId'> | null
}

export type AccessLog = (record: AccessRecord) => void

/** Refusals under overload come by the thousand: of those, one line in this time says how many there were. */
const refusalIntervalMs = 1_000

export function createAccessLog(logger: Logger, clock: Clock): AccessLog {
  let refusals = 0
  let refusalLoggedAtMs = Number.NEGATIVE_INFINITY

  return function log(record) {
    const { status } = record
    if (status < 400) {
      if (logger.isLevelEnabled('debug')) logger.debug(fieldsOf(record))
    } else if (status < 500) {
      if (logger.isLevelEnabled('info')) logger.info(fieldsOf(record))
    } else if (status === 503) {
      refusals++
      const nowMs = clock.monotonicMs()
      if (nowMs - refusalLoggedAtMs < refusalIntervalMs) return
      logger.error({ ...fieldsOf(record), count: refusals })
      refusals = 0
      refusalLoggedAtMs = nowMs
    } else {
      logger.error({ ...fieldsOf(record), err: describeError(record.error) })
    }
  }
}

function fieldsOf({ requestId, method, route, status, durationMs, span }: AccessRecord) {
  return {
    event: 'http.request',
    request_id: requestId,
    method,
    route,
    status,
    duration_ms: Math.round(durationMs * 100) / 100,
    ...traceFields(span),
  }
}

/** Only what cannot hold a message's text: a database error's detail quotes the row. */
function describeError(error: unknown) {
  if (!(error instanceof Error)) return { type: typeof error }
  const { name, message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { type: name, code, message, stack }
}
