/** What a submit came to, in the log and in the metrics. */
import type { Lane } from '../domain/message.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'
import { type Logger, maskRecipient } from '../runtime/logger.ts'
import { withExemplars } from '../runtime/metrics.ts'
import { traceFields } from '../runtime/tracing.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'
import type { SubmissionOptions } from './submission.ts'

export function createOutcomeLog(
  metrics: Pick<ProcessorMetrics, 'submitted' | 'submitDuration'>,
  logger: Logger,
): SubmissionOptions['onOutcome'] {
  const submitted = childOf((lane: Lane, provider: string, outcome: SubmitOutcome['kind']) =>
    metrics.submitted.labels({ lane, provider, outcome }),
  )
  const durationOf = childOf((provider: string) =>
    withExemplars(metrics.submitDuration, { provider }),
  )

  return (message, provider, outcome, durationMs, span) => {
    const { lane } = message
    submitted(lane, provider, outcome.kind).inc()
    durationOf(provider)(durationMs / 1_000, span?.traceId)
    const event = {
      event: 'message.submitted',
      message_id: message.id,
      lane,
      provider,
      attempt: message.attempt,
      outcome: outcome.kind,
      duration_ms: Math.round(durationMs * 10) / 10,
      recipient: maskRecipient(message.recipient),
      ...traceFields(span),
    }
    if (outcome.kind === 'taken') {
      logger.info({ ...event, provider_message_id: outcome.providerMessageId })
    } else {
      logger.warn({ ...event, code: outcome.code, detail: outcome.detail })
    }
  }
}

/** Looking a metric's child up by its labels costs more than counting: each is looked up once. */
function childOf<Labels extends string[], Child>(
  find: (...labels: Labels) => Child,
): (...labels: Labels) => Child {
  const children = new Map<string, Child>()
  return (...labels) => {
    const key = labels.join(' ')
    let child = children.get(key)
    if (child === undefined) {
      child = find(...labels)
      children.set(key, child)
    }
    return child
  }
}
