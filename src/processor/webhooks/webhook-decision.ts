/** What is recorded of an attempt, and when the next one is due. */
import type { ClaimToken } from '../../domain/claim-token.ts'
import type { WebhookAttempt } from '../../domain/webhook-attempt.ts'
import { throttlePauseMs, webhookWaitMs } from '../../domain/webhook-schedule.ts'
import type { ClaimedWebhook, WebhookSettlement } from '../../store/webhook-deliveries.ts'

/**
 * @param waitsS between attempts, in seconds
 * @param random 0 ≤ random < 1
 */
export function decideWebhook(
  webhook: ClaimedWebhook,
  token: ClaimToken,
  attempt: WebhookAttempt,
  waitsS: readonly number[],
  random: number,
): WebhookSettlement {
  const { id, endpointId, url, step, failures } = webhook
  const { error, responseStatus, retryAfterMs } = attempt
  const settlement = { id, endpointId, url, token, responseStatus, errorCode: error, gone: false }
  if (error === null) return { ...settlement, result: 'delivered', retryInMs: 0, pauseMs: 0 }
  if (error === 'gone') {
    return { ...settlement, result: 'failed', retryInMs: 0, pauseMs: 0, gone: true }
  }
  const pauseMs = error === 'throttled' ? throttlePauseMs(failures + 1, random, retryAfterMs) : 0
  const waitMs = webhookWaitMs(waitsS, step, random, retryAfterMs)
  return {
    ...settlement,
    result: waitMs === null ? 'failed' : 'pending',
    retryInMs: waitMs ?? 0,
    pauseMs,
  }
}
