/** What an endpoint's answer means: Standard Webhooks 1.0, "Deliverability and reliability". */
import type { AttemptError, WebhookAttempt } from '../domain/webhook-attempt.ts'

/**
 * Only 2xx is success. A redirect is not followed: where it leads nobody has looked at. 410 says that the endpoint is gone; 429, 502
 * and 504 that it has too much to do.
 */
export function readAnswer(status: number, headers: Headers, nowMs: number): WebhookAttempt {
  const error = errorOf(status)
  return {
    error,
    responseStatus: status,
    retryAfterMs: error === null ? 0 : retryAfterMs(headers.get('retry-after'), nowMs),
  }
}

function errorOf(status: number): AttemptError | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return 'redirect'
  if (status === 410) return 'gone'
  if (status === 429 || status === 502 || status === 504) return 'throttled'
  return 'http_status'
}

/** RFC 9110 §10.2.3: seconds, or a date. 0 for what is neither, or past. */
function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return 0
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) ? Math.max(ms, 0) : 0
}

const connectionErrors: Readonly<Record<string, AttemptError>> = {
  ECONNREFUSED: 'connection_refused',
  ConnectionRefused: 'connection_refused',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  DNSException: 'host_not_found',
}

/** No answer came. */
export function readFailure(error: unknown): AttemptError {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code !== 'string') return 'connection_failed'
  if (/CERT|TLS|SSL|SIGNED|ISSUER/.test(code)) return 'tls_failed'
  // Of c-ares, by which names are looked up.
  if (code.startsWith('DNS_')) return 'host_not_found'
  return connectionErrors[code] ?? 'connection_failed'
}
