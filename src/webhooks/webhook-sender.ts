/** The seam between what is to be sent, and when, and how it is sent. */
import type { WebhookAttempt } from '../domain/webhook-attempt.ts'

export interface WebhookRequest {
  readonly url: string
  /** The webhook-id: the same in every attempt. */
  readonly id: string
  readonly payload: string
  /** What the signature tells as its time. */
  readonly attemptedAtMs: number
  /** The first is the one in force. */
  readonly secrets: readonly string[]
  /** Of the span of this attempt; null: it is not traced. */
  readonly traceparent: string | null
}

/** Sends webhooks. Never rejects. */
export interface WebhookSender {
  /** @param signal breaks it off */
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAttempt>
}
