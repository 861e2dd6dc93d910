/** Traces from a caller's span to the webhook, over two processes of the executable, as a collector gets them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { startRole } from '../support/gateway.ts'
import { behave, metric } from '../support/gateway-fixture.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { type SpanReceiver, startSpanReceiver, treeOf } from '../support/span-receiver.ts'
import {
  type Customer,
  startWebhookGateway,
  type WebhookGateway,
} from '../support/webhook-gateway.ts'

const number = '+491701234567'
const text = 'Your code is 987654'
const collectorKey = 'the-collector-key'

let receiver: SpanReceiver
let gateway: WebhookGateway
let customer: Customer
beforeAll(async () => {
  receiver = startSpanReceiver()
  gateway = await startWebhookGateway({
    LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${collectorKey}`,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_SERVICE_NAME: 'the-gateway',
    RETRY_BACKOFF_BASE_MS: '50',
  })
  for (const identity of ['primary', 'secondary', 'backup']) {
    await behave(gateway.operatorUrl, identity, { report_status: { delivered: 1 } })
  }
  customer = await gateway.customer()
  await gateway.webhook(customer, '/hook')
}, 90_000)
afterAll(async () => {
  await gateway.close()
  await receiver.stop()
})

interface Caller {
  readonly traceId: string
  readonly spanId: string
  readonly header: string
}

function newCaller(isSampled = true): Caller {
  const hex = (bytes: number) =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
  const [traceId, spanId] = [hex(16), hex(8)]
  return { traceId, spanId, header: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}` }
}

async function send(
  path: string,
  body: object,
  { header }: Caller,
  more: Record<string, string> = {},
) {
  const response = await fetch(`${gateway.api.url}/api/v1/messages${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${customer.key}`,
      'content-type': 'application/json',
      traceparent: header,
      ...more,
    },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(202)
  return (await response.json()) as { id: string; messages?: { id: string }[] }
}

const message = { phone: number, message: text }
const whole = ['delivery report', 'webhook message.sent', 'webhook message.delivered']

describe('a trace', () => {
  test('leads from the caller over both processes to the webhook', async () => {
    const caller = newCaller()
    const { id } = await send('', message, caller)
    const spans = await receiver.trace(caller.traceId, ['POST /api/v1/messages', ...whole])
    const submit = spans.find(({ name }) => name.startsWith('submit '))
    const provider = String(submit?.attributes['sms.provider'])
    expect(treeOf(spans, caller.spanId).split('\n').sort()).toEqual(
      [
        'POST /api/v1/messages (api)',
        `  submit ${provider} (processor)`,
        '  delivery report (api)',
        '  webhook message.sent (processor)',
        '  webhook message.delivered (processor)',
      ].sort(),
    )
    expect(submit?.attributes).toMatchObject({
      'messaging.message.id': id,
      'sms.lane': 'normal',
      'sms.outcome': 'taken',
    })
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['the-gateway']))
    // What is done for many at once is a trace of its own, with a link to this one.
    const batches = ['accept batch', 'claim batch', 'settle batch', 'report batch']
    await eventually(
      () =>
        batches.every((name) =>
          receiver.spans.some((span) => span.name === name && span.links.includes(caller.traceId)),
        ),
      { what: 'the batches are linked to it' },
    )
    // Who is asked next is told.
    const hook = gateway.receiver.received.find(({ body }) => body.includes(id))
    expect(hook?.headers.traceparent).toStartWith(`00-${caller.traceId}-`)
    // Lines of the log are written a little later.
    for (const { logs } of [gateway.api, gateway.processor]) {
      const found = () => logs().includes(`"trace_id":"${caller.traceId}"`)
      await eventually(found, { what: 'the log names the trace' })
    }
  })

  test('of a batch has all its messages, and that of a retry both attempts', async () => {
    const caller = newCaller()
    for (const identity of ['primary', 'secondary', 'backup']) {
      await behave(gateway.operatorUrl, identity, { outage: true })
    }
    const { messages = [] } = await send('/batch', { messages: [message, message] }, caller)
    await receiver.trace(caller.traceId, ['POST /api/v1/messages/batch'])
    const submits = () =>
      receiver.ofTrace(caller.traceId).filter(({ name }) => name.startsWith('submit '))
    await eventually(() => submits().some(({ isError }) => isError), { what: 'an attempt fails' })
    for (const identity of ['primary', 'secondary', 'backup']) {
      await behave(gateway.operatorUrl, identity, { outage: false })
    }
    await eventually(
      () =>
        receiver.ofTrace(caller.traceId).filter(({ name }) => name === 'delivery report').length ===
        2,
      { what: 'both are reported', timeoutMs: 40_000 },
    )
    const taken = submits().filter(({ isError }) => !isError)
    expect(taken.map(({ attributes }) => attributes['messaging.message.id']).sort()).toEqual(
      messages.map(({ id }) => id).sort(),
    )
  }, 60_000)

  test('goes on over a processor that is killed, and is of a request once', async () => {
    await gateway.processor.kill()
    const [first, repeated] = [newCaller(), newCaller()]
    const once = { 'idempotency-key': crypto.randomUUID() }
    const { id } = await send('/express', message, first, once)
    expect((await send('/express', message, repeated, once)).id).toBe(id)
    gateway.processor = await startRole('processor', gateway.environment)
    await receiver.trace(first.traceId, whole)
    const names = receiver.ofTrace(repeated.traceId).map(({ name }) => name)
    expect(names).toEqual(['POST /api/v1/messages/express'])
  }, 60_000)

  test('is of nobody who is not sampled, or says what is no traceparent', async () => {
    const before = receiver.spans.length
    const quiet = newCaller(false)
    for (const header of [quiet.header, 'nonsense', `00-${quiet.traceId}-${quiet.spanId}`]) {
      await send('', message, { ...quiet, header })
    }
    const loud = newCaller()
    await send('', message, loud)
    await receiver.trace(loud.traceId, whole)
    expect(receiver.ofTrace(quiet.traceId)).toEqual([])
    const requests = receiver.spans.slice(before).filter(({ name }) => name.startsWith('POST '))
    expect(requests.map(({ traceId }) => traceId)).toEqual([loud.traceId])
  })

  test('holds no number, no text and no secret, and is sent with what the collector asks for', async () => {
    const caller = newCaller()
    await send('', message, caller)
    await receiver.trace(caller.traceId, whole)
    const all = receiver.posts.map(({ body }) => body).join('\n')
    const secrets = [number.slice(1), text, '987654', customer.key, 'secret-of-', collectorKey]
    for (const secret of secrets) expect(all).not.toContain(secret)
    expect(
      receiver.posts.every(({ headers }) => headers.get('x-collector-key') === collectorKey),
    ).toBe(true)
    expect(gateway.api.logs() + gateway.processor.logs()).not.toContain(collectorKey)
  })

  test('is an example in the metrics, in the format that has them', async () => {
    const caller = newCaller()
    await send('', message, caller)
    await receiver.trace(caller.traceId, whole)
    const response = await fetch(`${gateway.api.url}/metrics`)
    expect(response.headers.get('content-type')).toStartWith('application/openmetrics-text')
    const metrics = await response.text()
    expect(metrics).toMatch(
      /sms_accept_duration_seconds_bucket\{.*\} \d+ # \{trace_id="[0-9a-f]{32}"\}/,
    )
    expect(metrics).toEndWith('# EOF\n')
    const ofProcessor = await (await fetch(`${gateway.processor.url}/metrics`)).text()
    expect(ofProcessor).toMatch(/sms_submit_duration_seconds_bucket\{.*\} \d+ # \{trace_id=/)
    // A real Prometheus reads all of it, under the names that rules and dashboard have.
    const targets = [gateway.api.url, gateway.processor.url].map((url) => new URL(url).host)
    const prometheus = await startPrometheus(targets, 'groups: []')
    try {
      await eventually(async () => (await prometheus.healthyTargets()) === 2, {
        what: 'both are scraped',
      })
      for (const name of ['sms_accepted_total', 'sms_submit_duration_seconds_bucket']) {
        await eventually(async () => (await prometheus.countOf(name)) > 0, {
          what: `${name} is there`,
        })
      }
    } finally {
      await prometheus.remove()
    }
  })
})

describe('a collector', () => {
  test('that does not answer costs no message, and does not keep a process from ending', async () => {
    const dead = startSpanReceiver()
    dead.answerWith(null)
    const api = await startRole('api', {
      ...gateway.environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: dead.url,
      OTEL_TRACES_SAMPLER: 'always_on',
    })
    const headers = { authorization: `Bearer ${customer.key}`, 'content-type': 'application/json' }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        fetch(`${api.url}/api/v1/messages`, {
          method: 'POST',
          headers,
          body: JSON.stringify(message),
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(new Array(50).fill(202))
    expect(await api.stop()).toBe(0)
    await dead.stop()
  }, 30_000)

  test('that refuses is told of in the log, once, and counted', async () => {
    const refusing = startSpanReceiver()
    refusing.answerWith(403)
    const api = await startRole('api', {
      ...gateway.environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url,
      OTEL_TRACES_SAMPLER: 'always_on',
    })
    const failed = async () =>
      ((await metric(api.url, 'sms_spans_exported_total', { result: 'failed' })) ?? 0) > 5
    await eventually(
      async () => {
        await fetch(`${api.url}/api/v1/messages`)
        return await failed()
      },
      { what: 'failed spans are counted' },
    )
    expect(api.logs().split('"event":"tracing.export_failed"')).toHaveLength(2)
    await api.kill()
    await refusing.stop()
  })
})

describe('without tracing', () => {
  test('nothing is told to anybody, and the metrics are plain text', async () => {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...environment } = gateway.environment
    const api = await startRole('api', {
      ...environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    const response = await fetch(`${api.url}/metrics`)
    expect(response.headers.get('content-type')).toStartWith('text/plain')
    const caller = newCaller()
    const answer = await fetch(`${api.url}/api/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${customer.key}`,
        'content-type': 'application/json',
        traceparent: caller.header,
      },
      body: JSON.stringify(message),
    })
    const { id } = (await answer.json()) as { id: string }
    const [row] = await gateway.database.sql<{ traceparent: string | null }[]>`
      SELECT traceparent FROM messages WHERE id = ${id}`
    expect(row?.traceparent).toBeNull()
    await api.kill()
  })
})
