/** What a processor counts of webhooks. Labels are fixed words: no customer and no endpoint. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { attemptErrors } from '../../domain/webhook-attempt.ts'
import { disabledReasons } from '../../domain/webhook-event.ts'
import { latencyBucketsSeconds, startAtZero } from '../../runtime/metrics.ts'

export interface WebhookMetrics {
  readonly attempts: Counter<'outcome'>
  readonly attemptDuration: Histogram
  readonly settled: Counter<'result'>
  readonly inFlight: Gauge
  readonly waiting: Gauge
  readonly overdue: Gauge
  readonly disabled: Counter<'reason'>
}

export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry]
  return {
    attempts: startAtZero(
      new Counter({
        name: 'sms_webhook_attempts_total',
        help: 'Attempts to send a webhook, by what they came to.',
        labelNames: ['outcome'],
        registers,
      }),
      { outcome: ['delivered', ...attemptErrors] },
    ),
    attemptDuration: new Histogram({
      name: 'sms_webhook_attempt_duration_seconds',
      help: 'One attempt to send a webhook.',
      buckets: latencyBucketsSeconds,
      registers,
    }),
    settled: startAtZero(
      new Counter({
        name: 'sms_webhook_settled_total',
        help: 'Attempts recorded: delivered, to be tried again, or failed for good.',
        labelNames: ['result'],
        registers,
      }),
      { result: ['delivered', 'pending', 'failed'] },
    ),
    inFlight: new Gauge({
      name: 'sms_webhook_in_flight',
      help: 'Attempts under way in this process.',
      registers,
    }),
    waiting: new Gauge({
      name: 'sms_webhook_waiting',
      help: 'Webhooks not delivered yet; not counted beyond 100,000.',
      registers,
      aggregator: 'max',
    }),
    overdue: new Gauge({
      name: 'sms_webhook_overdue_seconds',
      help: 'For how long the attempt that is most overdue has been due; 0 when none is.',
      registers,
      aggregator: 'max',
    }),
    disabled: startAtZero(
      new Counter({
        name: 'sms_webhook_endpoints_disabled_total',
        help: 'Endpoints that were disabled by themselves.',
        labelNames: ['reason'],
        registers,
      }),
      { reason: disabledReasons.filter((reason) => reason !== 'requested') },
    ),
  }
}
