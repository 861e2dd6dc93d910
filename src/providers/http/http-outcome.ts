/**
 * What an HTTP answer, or the lack of one, means for the message. The line that matters runs between "certainly not
 * taken" (try another provider) and "may have been taken" (the in-doubt policy decides).
 */
import { isStorableText } from '../../domain/storable-text.ts'
import { failureDetailLengthMax, type SubmitOutcome } from '../../domain/submit-outcome.ts'

/** Longest id of a provider that is kept. */
export const providerMessageIdLengthMax = 256
const codeLengthMax = 64
const retryAfterMsDefault = 1_000
const retryAfterMsMax = 300_000

/**
 * @param body the response's text, or null when it was too long
 */
export function classifyResponse(response: Response, body: string | null): SubmitOutcome {
  const { status } = response
  const answer = parseObject(body)
  if (status >= 200 && status < 300) return classifyAccepted(status, answer)
  const failure = failureOf(status, answer)
  if (status === 429) {
    return { kind: 'throttled', retryAfterMs: retryAfterMs(response.headers), ...failure }
  }
  // A proxy passed the request on and got no answer, or none that it understood (RFC 9110 §15.6.3, §15.6.5): the provider may
  // have it.
  if (status === 502 || status === 504) return { kind: 'indeterminate', ...failure }
  if (status === 408 || status === 425 || status >= 500) return { kind: 'unavailable', ...failure }
  // The same submit, sent before, is still being worked on there (draft-ietf-httpapi-idempotency-key-header, section 2.6).
  if (status === 409 && answer?.error_code === undefined) {
    return { kind: 'indeterminate', ...failure }
  }
  // A redirect is a wrong URL in our configuration, not a fault of the message.
  if (status < 400) return { kind: 'unavailable', ...failure }
  // Our credentials or address are refused (401, 403, 404, 405, 407): every message would be, so the provider is out.
  if ([401, 403, 404, 405, 407].includes(status) && answer?.error_code === undefined) {
    return { kind: 'unavailable', ...failure }
  }
  return { kind: 'rejected', ...failure }
}

function classifyAccepted(
  status: number,
  answer: Record<string, unknown> | undefined,
): SubmitOutcome {
  const id = answer?.message_id
  if (typeof id === 'string' && isReadableId(id)) return { kind: 'taken', providerMessageId: id }
  // A larger number has lost digits already: its reports would never find it.
  if (typeof id === 'number' && Number.isSafeInteger(id)) {
    return { kind: 'taken', providerMessageId: String(id) }
  }
  // It said yes in a way that cannot be read: it may well have taken the message.
  return {
    kind: 'indeterminate',
    code: 'malformed_response',
    detail: `status ${status} without a readable message_id`,
  }
}

function isReadableId(id: string): boolean {
  return id.length > 0 && id.length <= providerMessageIdLengthMax && isStorableText(id)
}

export interface FailureContext {
  readonly timedOut: boolean
  readonly timeoutMs: number
}

/** Failures before a byte of the request can have reached the provider's application. */
const notSentCodes = new Set([
  'ECONNREFUSED',
  'ConnectionRefused',
  'ENOTFOUND',
  'EAI_AGAIN',
  'DNSException',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'FailedToOpenSocket',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** No answer came. Everything that is not certainly unsent may have been taken. */
export function classifyFailure(error: unknown, context: FailureContext): SubmitOutcome {
  if (context.timedOut) {
    const detail = `no answer within ${context.timeoutMs} ms`
    return { kind: 'indeterminate', code: 'timeout', detail }
  }
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown }
  if (name === 'AbortError') {
    return {
      kind: 'indeterminate',
      code: 'aborted',
      detail: 'stopped while waiting for the answer',
    }
  }
  const known = typeof code === 'string' ? code : 'connection_failed'
  const detail = cut(typeof message === 'string' ? message : String(error), failureDetailLengthMax)
  if (notSentCodes.has(known)) {
    return { kind: 'unavailable', code: snakeCase(known), detail }
  }
  return { kind: 'indeterminate', code: snakeCase(known), detail }
}

function failureOf(status: number, answer: Record<string, unknown> | undefined) {
  const code = answer?.error_code
  const detail = answer?.detail
  return {
    code:
      typeof code === 'string' && code !== '' ? cut(code, codeLengthMax) : `http_status_${status}`,
    detail: cut(typeof detail === 'string' ? detail : `status ${status}`, failureDetailLengthMax),
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMs(headers: Headers): number {
  const value = headers.get('retry-after')
  if (value === null) return retryAfterMsDefault
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), retryAfterMsMax) : retryAfterMsDefault
}

function parseObject(body: string | null): Record<string, unknown> | undefined {
  if (body === null || body === '') return undefined
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Without NUL, which PostgreSQL cannot store. */
function cut(text: string, lengthMax: number): string {
  return text.replaceAll('\0', '').slice(0, lengthMax).toWellFormed()
}

function snakeCase(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
}
