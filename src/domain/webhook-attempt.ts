/** What an attempt to send a webhook came to. */

/** Of a failure, in the history and in metrics; fixed words. */
export const attemptErrors = [
  'timeout',
  'aborted',
  'host_not_found',
  'address_refused',
  'url_refused',
  'connection_refused',
  'tls_failed',
  'connection_failed',
  'redirect',
  'gone',
  'throttled',
  'http_status',
] as const
export type AttemptError = (typeof attemptErrors)[number]

export interface WebhookAttempt {
  /** Null: it was delivered. */
  readonly error: AttemptError | null
  /** Null: no answer came. */
  readonly responseStatus: number | null
  /** What the endpoint asked for; 0 when it did not. */
  readonly retryAfterMs: number
}
