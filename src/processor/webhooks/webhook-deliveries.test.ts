import { afterEach, describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { eventually } from '../../../tests/support/eventually.ts'
import type { WebhookAttempt } from '../../domain/webhook-attempt.ts'
import { systemClock } from '../../runtime/clock.ts'
import type { Service } from '../../runtime/service.ts'
import type {
  ClaimedWebhook,
  DisabledWebhook,
  WebhookClaim,
  WebhookSettlement,
} from '../../store/webhook-deliveries.ts'
import { createWebhookDeliveries } from './webhook-deliveries.ts'
import { createWebhookMetrics } from './webhook-metrics.ts'

const delivered: WebhookAttempt = { error: null, responseStatus: 200, retryAfterMs: 0 }

function webhookOf(endpointId: string, failures = 0): ClaimedWebhook {
  return {
    id: crypto.randomUUID(),
    endpointId,
    url: 'https://hooks.example.com/',
    eventType: 'message.sent',
    payload: '{}',
    secrets: ['whsec_x'],
    attemptedAtMs: 0,
    step: 1,
    failures,
    traceparent: null,
  }
}

let service: Service | undefined
afterEach(() => service?.stop())

/** Over a store that hands out what is due as the statement would, and a sender that answers when it is told. */
function start(
  options: { stopGraceMs?: number; settleFailures?: number; claimFailures?: number } = {},
) {
  const due: ClaimedWebhook[] = []
  const claims: WebhookClaim[] = []
  const settled: WebhookSettlement[] = []
  const disabled: DisabledWebhook[] = []
  const logLines: { event: string }[] = []
  const sending = new Map<string, (attempt: WebhookAttempt) => void>()
  const registry = new Registry()
  let { claimFailures = 0, settleFailures = 0 } = options
  service = createWebhookDeliveries({
    tracing: null,
    store: {
      async claimWebhooks(claim) {
        if (claimFailures-- > 0) throw new Error('PostgreSQL is away')
        claims.push({ ...claim, busy: new Map(claim.busy) })
        return due.splice(0, claim.countMax)
      },
      async settleWebhooks(settlements) {
        if (settleFailures-- > 0) throw new Error('PostgreSQL is away')
        settled.push(...settlements)
        return disabled.splice(0)
      },
    },
    sender: {
      send: ({ id }, signal) =>
        new Promise((resolve) => {
          sending.set(id, resolve)
          const aborted: WebhookAttempt = { ...delivered, error: 'aborted', responseStatus: null }
          signal.addEventListener('abort', () => resolve(aborted))
        }),
    },
    concurrencyMax: 4,
    endpointConcurrencyMax: 2,
    timeoutMs: 1_000,
    retryWaitsS: [5],
    disableAfterMs: 1_000,
    stopGraceMs: options.stopGraceMs ?? 5_000,
    recordMsMax: 5_000,
    metrics: createWebhookMetrics(registry),
    logger: pino({ level: 'debug' }, { write: (line: string) => logLines.push(JSON.parse(line)) }),
    clock: systemClock,
    random: () => 0,
  })
  void service.start()
  return {
    due,
    claims,
    settled,
    disabled,
    logLines,
    registry,
    sending,
    answer(webhook: ClaimedWebhook, attempt: WebhookAttempt = delivered) {
      sending.get(webhook.id)?.(attempt)
      sending.delete(webhook.id)
    },
    isSending: (webhook: ClaimedWebhook) =>
      eventually(() => sending.has(webhook.id), { what: 'it is being sent' }),
  }
}

describe('sending', () => {
  test('takes as much as there are places, tells who is busy, and goes on when one ends', async () => {
    const gateway = start()
    const [a, b, c, d, e] = ['a', 'a', 'b', 'c', 'd'].map((id) => webhookOf(id)) as [
      ClaimedWebhook,
      ...ClaimedWebhook[],
    ]
    gateway.due.push(
      a,
      b as ClaimedWebhook,
      c as ClaimedWebhook,
      d as ClaimedWebhook,
      e as ClaimedWebhook,
    )
    await gateway.isSending(d as ClaimedWebhook)
    expect(gateway.sending.size).toBe(4)
    gateway.answer(a)
    await gateway.isSending(e as ClaimedWebhook)
    const last = gateway.claims.findLast(({ busy }) => busy.size === 3)
    expect(last).toMatchObject({ countMax: 1, perEndpointMax: 2, failingMax: 2 })
    expect([...(last?.busy ?? [])]).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ])
    expect(gateway.settled).toMatchObject([{ id: a.id, result: 'delivered' }])
    for (const webhook of [b, c, d, e]) gateway.answer(webhook as ClaimedWebhook)
  })

  test('keeps half of the places from endpoints that fail', async () => {
    const gateway = start()
    const failing = [webhookOf('a', 5), webhookOf('b', 9)] as const
    gateway.due.push(...failing)
    await gateway.isSending(failing[1])
    await eventually(() => gateway.claims.at(-1)?.failingMax === 0, { what: 'they have no more' })
    for (const webhook of failing) gateway.answer(webhook, { ...delivered, error: 'timeout' })
    await eventually(() => gateway.claims.at(-1)?.failingMax === 2, { what: 'they have theirs' })
    expect(gateway.settled).toMatchObject([
      { result: 'pending', retryInMs: 5_000, errorCode: 'timeout' },
      { result: 'pending', retryInMs: 5_000, errorCode: 'timeout' },
    ])
  })

  test('goes on when PostgreSQL is back, and forgets nothing meanwhile', async () => {
    const gateway = start({ claimFailures: 1, settleFailures: 2 })
    const webhook = webhookOf('a')
    gateway.due.push(webhook)
    await gateway.isSending(webhook)
    gateway.disabled.push({ id: 'a', customerId: 7, reason: 'failing' })
    gateway.answer(webhook)
    await eventually(() => gateway.settled.length === 1, { what: 'it is recorded' })
    const events = gateway.logLines.map(({ event }) => event)
    expect(events.toSorted()).toEqual([
      'webhook.claim_failed',
      'webhook.endpoint_disabled',
      'webhook.settle_failed',
      'webhook.settle_failed',
    ])
    const metrics = await gateway.registry.metrics()
    expect(metrics).toContain('sms_webhook_endpoints_disabled_total{reason="failing"} 1')
    expect(metrics).toContain('sms_webhook_attempts_total{outcome="delivered"} 1')
  })
})

describe('stopping', () => {
  test('waits for what is under way, and records it', async () => {
    const gateway = start()
    const webhook = webhookOf('a')
    gateway.due.push(webhook)
    await gateway.isSending(webhook)
    const stopped = service?.stop()
    gateway.due.push(webhookOf('b'))
    gateway.answer(webhook)
    await stopped
    expect(gateway.settled).toMatchObject([{ id: webhook.id, result: 'delivered' }])
    expect(gateway.due).toHaveLength(1)
  })

  test('breaks off what does not end in time; its lease runs out', async () => {
    const gateway = start({ stopGraceMs: 1 })
    const webhook = webhookOf('a')
    gateway.due.push(webhook)
    await gateway.isSending(webhook)
    await service?.stop()
    expect(gateway.settled).toEqual([])
  })
})
