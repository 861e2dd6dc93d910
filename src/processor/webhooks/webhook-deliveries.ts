/**
 * Sends webhooks that are due, and records what became of them. So many at once, and so many at one endpoint: one that does not
 * answer holds its own places and nobody else's; where attempts keep failing there is one at a time, and all such endpoints
 * together have at most half of the places.
 *
 * Each is sent at least once: a process that dies between the answer and its record sends it again, with the same webhook-id.
 */
import { type ClaimToken, newClaimToken } from '../../domain/claim-token.ts'
import { createBatcher } from '../../runtime/batcher.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { createNotifier, pause } from '../../runtime/notifier.ts'
import { retry } from '../../runtime/retry.ts'
import type { Service } from '../../runtime/service.ts'
import { type Span, type Tracing, traceFields } from '../../runtime/tracing.ts'
import type { Store } from '../../store/store.ts'
import type {
  ClaimedWebhook,
  DisabledWebhook,
  WebhookSettlement,
} from '../../store/webhook-deliveries.ts'
import type { WebhookSender } from '../../webhooks/webhook-sender.ts'
import { decideWebhook } from './webhook-decision.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'

export interface WebhookDeliveriesOptions {
  readonly store: Pick<Store, 'claimWebhooks' | 'settleWebhooks'>
  readonly sender: WebhookSender
  /** Attempts under way at once, in this process. */
  readonly concurrencyMax: number
  /** Of these, at one endpoint. */
  readonly endpointConcurrencyMax: number
  /** Of an attempt. */
  readonly timeoutMs: number
  /** Between attempts, in seconds. */
  readonly retryWaitsS: readonly number[]
  /** An endpoint where nothing has worked for so long is disabled. */
  readonly disableAfterMs: number
  /** How long attempts under way may take to end when stopping. */
  readonly stopGraceMs: number
  /** After the grace time, what was aborted gets this long to be recorded. */
  readonly recordMsMax: number
  readonly metrics: WebhookMetrics
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
}

/** Of the places of a process, so much at most for one customer's endpoints: slow ones that answer at last fail at nothing. */
const customerShareMax = 1 / 4
/** Failures in a row from which an endpoint gets one attempt at a time. */
const failingFrom = 5
/** An attempt that is not recorded so long after its time limit counts as lost. */
const leaseMarginMs = 30_000
/** Between two looks for what is due, while nothing comes. */
const pollMs = 250
/** Between two looks at the least: what ends at about the same time makes room for one claim. */
const claimPauseMs = 10
/** Looking takes longer the more endpoints have something waiting; so much of the time is left to the database at least. */
const restPerClaim = 3
const idleRestPerClaim = 20
const failurePauseMs = 1_000
const settleBatchMax = 500
const settlePauseMs = 200
const settlePauseMsMax = 2_000

export function createWebhookDeliveries(options: WebhookDeliveriesOptions): Service {
  const { store, sender, concurrencyMax, metrics, logger, clock, random, tracing } = options
  const perCustomerMax = Math.max(1, Math.floor(concurrencyMax * customerShareMax))
  const stopping = new AbortController()
  const work = new AbortController()
  const recording = new AbortController()
  const ended = createNotifier()
  /** Attempts under way, by endpoint: no more than `concurrencyMax` entries. */
  const busy = new Map<string, number>()
  let underWay = 0
  let failingUnderWay = 0
  /** Something has ended since the last claim. */
  let hasEnded = false
  let running: Promise<void> | undefined

  const settlements = createBatcher<WebhookSettlement, undefined>({
    name: 'settle webhooks',
    batchMax: settleBatchMax,
    // Never reached: the places bound it.
    pendingMax: concurrencyMax + 1,
    flightsMax: 1,
    lingerMs: 5,
    async run(items) {
      const disabled = await retry(() => store.settleWebhooks(items, options.disableAfterMs), {
        pauseMs: settlePauseMs,
        pauseMsMax: settlePauseMsMax,
        signal: recording.signal,
        isFinal: () => false,
        onFailure: (error, attempt) =>
          logger.warn({ event: 'webhook.settle_failed', attempt, err: error }),
      })
      for (const { result } of items) metrics.settled.inc({ result })
      for (const endpoint of disabled) noteDisabled(endpoint, metrics, logger)
      return items.map(() => undefined)
    },
  })

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const beganMs = clock.monotonicMs()
      try {
        await claimAndStart()
      } catch (error) {
        logger.warn({ event: 'webhook.claim_failed', err: error })
        await pause(failurePauseMs, stopping.signal)
        continue
      }
      const tookMs = clock.monotonicMs() - beganMs
      await pause(Math.max(claimPauseMs, restPerClaim * tookMs), stopping.signal)
      if (hasEnded) continue
      await ended.wait(stopping.signal, Math.max(pollMs, idleRestPerClaim * tookMs))
    }
  }

  async function claimAndStart(): Promise<void> {
    hasEnded = false
    const countMax = concurrencyMax - underWay
    if (countMax <= 0) return
    const token = newClaimToken(random)
    const claimed = await store.claimWebhooks({
      token,
      countMax,
      perEndpointMax: options.endpointConcurrencyMax,
      perCustomerMax,
      failingFrom,
      failingMax: Math.max(0, Math.ceil(concurrencyMax / 2) - failingUnderWay),
      busy,
      leaseMs: options.timeoutMs + leaseMarginMs,
    })
    for (const webhook of claimed) begin(webhook, token)
  }

  function begin(webhook: ClaimedWebhook, token: ClaimToken): void {
    const { endpointId } = webhook
    const failing = webhook.failures >= failingFrom ? 1 : 0
    busy.set(endpointId, (busy.get(endpointId) ?? 0) + 1)
    underWay++
    failingUnderWay += failing
    metrics.inFlight.set(underWay)
    void deliver(webhook, token)
      .catch((error) => logger.error({ event: 'webhook.unrecorded', err: error }))
      .finally(() => {
        const left = (busy.get(endpointId) ?? 1) - 1
        if (left === 0) busy.delete(endpointId)
        else busy.set(endpointId, left)
        underWay--
        failingUnderWay -= failing
        metrics.inFlight.set(underWay)
        hasEnded = true
        ended.notify()
      })
  }

  async function deliver(webhook: ClaimedWebhook, token: ClaimToken): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const span = spanOf(webhook)
    const request = { ...webhook, traceparent: span?.traceparent ?? null }
    const attempt = await sender.send(request, work.signal)
    if (attempt.responseStatus !== null) {
      span?.set({ 'http.response.status_code': attempt.responseStatus })
    }
    span?.end(attempt.error ?? undefined)
    metrics.attemptDuration.observe((clock.monotonicMs() - startedAtMs) / 1_000)
    metrics.attempts.inc({ outcome: attempt.error ?? 'delivered' })
    // Nobody's failure: its lease runs out, and another process sends it.
    if (attempt.error === 'aborted') return
    if (attempt.error !== null) {
      const { endpointId, id, eventType, step } = webhook
      const { error, responseStatus } = attempt
      logger.debug({
        event: 'webhook.attempt_failed',
        webhook_id: endpointId,
        delivery_id: id,
        type: eventType,
        step,
        error,
        response_status: responseStatus,
        ...traceFields(span),
      })
    }
    await settlements.add(decideWebhook(webhook, token, attempt, options.retryWaitsS, random()))
  }

  /** Names no address: it is a customer's, and may hold what nobody else should see. */
  function spanOf({ traceparent, eventType, id, step }: ClaimedWebhook): Span | null {
    if (tracing === null || traceparent === null) return null
    return tracing.begin(`webhook ${eventType}`, {
      kind: 'client',
      parent: traceparent,
      attributes: {
        'http.request.method': 'POST',
        'sms.webhook.delivery_id': id,
        'sms.webhook.attempt': step,
      },
    })
  }

  return {
    name: 'webhooks',
    async start() {
      running ??= loop()
    },
    async stop() {
      stopping.abort()
      await running
      const grace = setTimeout(() => work.abort(), options.stopGraceMs)
      const last = setTimeout(() => recording.abort(), options.stopGraceMs + options.recordMsMax)
      const never = new AbortController().signal
      while (underWay > 0) await ended.wait(never)
      clearTimeout(grace)
      await settlements.close()
      clearTimeout(last)
    },
  }
}

export function noteDisabled(
  { id, customerId, reason }: DisabledWebhook,
  metrics: Pick<WebhookMetrics, 'disabled'>,
  logger: Logger,
): void {
  metrics.disabled.inc({ reason })
  logger.warn({
    event: 'webhook.endpoint_disabled',
    webhook_id: id,
    customer_id: customerId,
    reason,
  })
}
