/** Delivery reports at the compiled binary: at every time, of every kind, and what becomes of those that match nothing. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import {
  allAre,
  type Gateway,
  metric,
  post,
  startGateway,
  submitMany,
  submitOne,
} from '../support/gateway-fixture.ts'

/** Takes every message at once, or when it is let; reports nothing by itself. */
function startProvider() {
  let held: Promise<void> | null = null
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { reference } = (await request.json()) as { reference: string }
      provider.asked.add(reference)
      if (held !== null) await held
      return Response.json({ message_id: `of-${reference}` })
    },
  })
  const provider = {
    url: server.url.href,
    asked: new Set<string>(),
    /** From now on answers wait for `release`. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      provider.release = () => {
        held = null
        resolve()
      }
    },
    release: (): void => undefined,
    stop: () => server.stop(true),
  }
  return provider
}

const provider = startProvider()
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['operator'],
    environment: {
      PROVIDER_PRIMARY_URL: provider.url,
      PROVIDER_SECONDARY_WEIGHT: '0',
      PROVIDER_BACKUP_WEIGHT: '0',
    },
  })
})
afterAll(async () => {
  await gateway.close()
  await provider.stop()
})

afterEach(() => provider.release())

const report = (id: string, status = 'delivered') => ({
  message_id: `of-${id}`,
  status,
  occurred_at: '2026-01-31T12:00:00Z',
})

const send = (body: unknown, from = 'primary') =>
  post(`${gateway.api.url}/api/v1/providers/${from}/delivery-reports`, body, {
    authorization: `Bearer secret-of-${from}`,
  })

async function store(body: unknown, from?: string): Promise<void> {
  expect((await send(body, from)).status).toBe(200)
}

const get = async <T>(path: string) =>
  (await (await fetch(`${gateway.api.url}/api/v1/messages/${path}`)).json()) as T

const statusOf = async (id: string) => (await get<{ status: string }>(id)).status

const becomes = (id: string, status: string) =>
  eventually(async () => (await statusOf(id)) === status, { what: `${id} is ${status}` })

const reportsOf = async (id: string) => {
  type Answer = { delivery_reports: { status: string }[] }
  const { delivery_reports } = await get<Answer>(`${id}/delivery-reports`)
  return delivery_reports.map(({ status }) => status)
}

async function listParked() {
  const { stdout } = await runCommand(['reports', 'parked', '--json'], gateway.environment)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as { provider_message_id: string })
}

async function sentMessage(): Promise<string> {
  const id = await submitOne(gateway.api.url)
  await becomes(id, 'sent')
  return id
}

describe('a report', () => {
  test('that comes before its submit is recorded is parked, then matched', async () => {
    const matched = async () =>
      (await metric(gateway.processor.url, 'sms_parked_reports_matched_total')) ?? 0
    const before = await matched()
    provider.hold()
    const id = await submitOne(gateway.api.url)
    await eventually(() => provider.asked.has(id), { what: 'the provider has it' })
    await store(report(id))
    expect(await statusOf(id)).toBe('sending')
    const parked = await listParked()
    expect(parked).toContainEqual(
      expect.objectContaining({
        provider: 'primary',
        provider_message_id: `of-${id}`,
        checks: expect.any(Number),
      }),
    )
    provider.release()
    await becomes(id, 'delivered')
    await eventually(async () => (await matched()) === before + 1, { what: 'it is counted' })
    expect((await listParked()).map((one) => one.provider_message_id)).not.toContain(`of-${id}`)
    const counted = ['sms_final_total', 'sms_accepted_to_final_seconds_count'].map((name) =>
      metric(gateway.processor.url, name, { status: 'delivered' }),
    )
    expect(await Promise.all(counted)).toEqual([before + 1, before + 1])
  })

  test('that comes after the time-out knows better', async () => {
    const id = await sentMessage()
    await gateway.database.sql`UPDATE messages SET due_at = now() WHERE id = ${id}`
    await becomes(id, 'unknown')
    await store(report(id))
    expect(await statusOf(id)).toBe('delivered')
    expect(await reportsOf(id)).toEqual(['sent', 'unknown', 'delivered'])
  })

  test('that is repeated, in a request and after it, is kept once', async () => {
    const id = await sentMessage()
    await store([report(id), report(id)])
    await store(report(id))
    expect(await reportsOf(id)).toEqual(['sent', 'delivered'])
  })

  test('out of order is kept and changes nothing', async () => {
    const id = await sentMessage()
    await store(report(id, 'undelivered'))
    await store([report(id, 'accepted'), report(id, 'delivered')])
    expect(await statusOf(id)).toBe('undelivered')
    expect((await reportsOf(id)).toSorted()).toEqual([
      'accepted',
      'delivered',
      'sent',
      'undelivered',
    ])
  })

  test("of another provider's message is no report of this one", async () => {
    const id = await sentMessage()
    await store(report(id), 'secondary')
    await store(report(id, 'accepted'))
    expect(await statusOf(id)).toBe('sent')
    expect(await reportsOf(id)).toEqual(['sent', 'accepted'])
  })

  test('comes with 999 others, and not with a thousand', async () => {
    await gateway.database.sql`TRUNCATE messages, provider_references, delivery_reports`
    const ids = await submitMany(gateway.api.url, 1_000)
    await allAre(gateway.database, 'sent', 1_000)
    const reports = ids.map((id) => report(id))
    expect((await send([...reports, report('one-more')])).status).toBe(422)
    await allAre(gateway.database, 'sent', 1_000)
    await store(reports)
    await allAre(gateway.database, 'delivered', 1_000)
  })
})

describe('reports that match nothing', () => {
  const sql = () => gateway.database.sql

  test('are given up in the end, and never in silence', async () => {
    await store(report('nobody'), 'secondary')
    const parked = sql()`provider_message_id = 'of-nobody'`
    await sql()`UPDATE parked_reports SET received_at = now() - interval '8 days', check_at = now() WHERE ${parked}`
    await eventually(
      async () => (await sql()`SELECT FROM parked_reports WHERE ${parked}`).length === 0,
      {
        what: 'it is given up',
      },
    )
    const counted = () =>
      metric(gateway.processor.url, 'sms_parked_reports_given_up_total', { provider: 'secondary' })
    await eventually(async () => (await counted()) === 1, { what: 'it is counted' })
    const isLine = (line: string) =>
      ['"report.given_up"', '"provider":"secondary"', '"provider_message_id":"of-nobody"'].every(
        (part) => line.includes(part),
      )
    await eventually(() => gateway.processor.logs().split('\n').some(isLine), {
      what: 'it is logged',
    })
  })

  test('are counted and measured while they wait', async () => {
    await sql()`DELETE FROM parked_reports`
    await store([report('first'), report('second')])
    await sql()`UPDATE parked_reports SET received_at = now() - interval '1 hour'`
    const listed = await runCommand(['reports', 'parked', '--limit', '1'], gateway.environment)
    expect(listed.stdout).toMatch(
      /^RECEIVED +PROVIDER .*\n\S+Z {2}primary {11}delivered {4}\d+ +"of-first"\n$/,
    )
    const gauge = (name: string) => metric(gateway.processor.url, name)
    // Count and age are of one measurement, which may have been made before the rows were aged.
    await eventually(
      async () => ((await gauge('sms_parked_reports_oldest_age_seconds')) ?? 0) >= 3_600,
      {
        what: 'the oldest is an hour old',
        timeoutMs: 30_000,
      },
    )
    expect(await gauge('sms_parked_reports')).toBe(2)
  })

  test('are refused while a million wait; those that match are applied all the same', async () => {
    const id = await sentMessage()
    await sql()`
      INSERT INTO parked_reports (provider, provider_message_id, status, occurred_at, check_at)
      SELECT 'secondary', 'many-' || n, 'delivered', now(), now() + interval '1 hour'
      FROM generate_series(1, 1000000) AS n`
    await eventually(async () => (await send(report('third'))).status === 503, {
      what: 'the limit is noticed',
    })
    const refusal = await send([report('third'), report(id)])
    expect(refusal.status).toBe(503)
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await statusOf(id)).toBe('delivered')
    const another = await sentMessage()
    await store(report(another))
    expect(await statusOf(another)).toBe('delivered')
    expect(await metric(gateway.api.url, 'sms_reports_refused_total')).toBeGreaterThan(0)

    await sql()`TRUNCATE parked_reports`
    await eventually(async () => (await send(report('third'))).ok, { what: 'there is room again' })
    await sql()`DELETE FROM parked_reports`
    const none = await runCommand(['reports', 'parked'], gateway.environment)
    expect(none.stdout).toBe('no parked reports\n')
  })
})
