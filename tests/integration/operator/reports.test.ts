import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eventually } from '../../support/eventually.ts'
import type { CountersAnswer, Receiver, RunningOperator } from './support.ts'
import { decoded, secrets, startOperator, startReceiver } from './support.ts'

let running: RunningOperator
let receiver: Receiver
beforeEach(async () => {
  running = await startOperator()
  receiver = startReceiver()
})
afterEach(async () => {
  await running.operator.stop()
  await receiver.stop()
})

const reportCounters = async () =>
  (await decoded<CountersAnswer>(running.get('/control/primary/counters'))).reports

async function submit(count: number, callbackUrl = receiver.url): Promise<string[]> {
  const answers = Array.from({ length: count }, async () => {
    const answer = running.submit('primary', { callbackUrl })
    return (await decoded<{ message_id: string }>(answer)).message_id
  })
  return Promise.all(answers)
}

const received = (count: number) =>
  eventually(() => receiver.reports().length >= count, { what: `${count} reports` })

const settled = () =>
  eventually(async () => (await reportCounters()).pending === 0, { what: 'no pending report' })

describe('reports', () => {
  test("come once for each message, in batches, with the identity's secret", async () => {
    await running.behave('primary', { report_linger_ms: 50 })
    const ids = await submit(100)
    await received(100)
    await settled()
    expect(
      receiver
        .reports()
        .map((report) => report.message_id)
        .sort(),
    ).toEqual(ids.sort())
    expect(receiver.batches.length).toBeLessThan(50)
    expect(receiver.reports()[0]).toEqual({
      message_id: expect.any(String),
      status: 'delivered',
      occurred_at: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(new Set(receiver.authorizations)).toEqual(new Set([`Bearer ${secrets.primary}`]))
    expect(await reportCounters()).toMatchObject({ planned: 100, acknowledged: 100, failed: 0 })
  })

  test('are not more than report_batch_max in one POST', async () => {
    await running.behave('primary', { report_batch_max: 7, report_linger_ms: 20 })
    await submit(50)
    await received(50)
    expect(Math.max(...receiver.batches.map((batch) => batch.length))).toBeLessThanOrEqual(7)
  })

  test('are sent again until they are taken', async () => {
    receiver.answer = (request) =>
      new Response(null, request < 4 ? { status: 503, headers: { 'retry-after': '0' } } : {})
    const ids = await submit(5)
    await received(5)
    await settled()
    expect(
      receiver
        .reports()
        .map((report) => report.message_id)
        .sort(),
    ).toEqual(ids.sort())
    expect((await reportCounters()).retries).toBeGreaterThan(0)
  })

  test('survive a receiver that is away', async () => {
    const { url } = receiver
    await receiver.stop()
    const ids = await submit(20, url)
    await eventually(async () => (await reportCounters()).retries > 0, { what: 'a retry' })
    receiver = startReceiver(Number(new URL(url).port))
    await received(20)
    expect(
      receiver
        .reports()
        .map((report) => report.message_id)
        .sort(),
    ).toEqual(ids.sort())
    await settled()
  })

  test('are none for a re-send, or for a submit without callback_url', async () => {
    for (let n = 0; n < 3; n++) {
      await running.submit('primary', { reference: 'r', callbackUrl: receiver.url })
    }
    await running.submit('primary')
    await settled()
    expect(receiver.reports()).toHaveLength(1)
  })

  test('come for a message whose answer was lost', async () => {
    await running.behave('primary', { reset_rate: 1 })
    const answer = running.submit('primary', { callbackUrl: receiver.url })
    expect(await answer.catch((error: { code: string }) => error.code)).toBe('ECONNRESET')
    await received(1)
  })
})

describe('on demand they', () => {
  test('come before the answer', async () => {
    await running.behave('primary', {
      report_before_response_rate: 1,
      report_delay: { kind: 'fixed', value_ms: 3_000_000 },
    })
    const [id] = await submit(1)
    expect(receiver.reports().map((report) => report.message_id)).toEqual([id ?? ''])
  })

  test('come twice', async () => {
    await running.behave('primary', { report_duplicate_rate: 1 })
    await submit(1)
    await received(2)
    expect(new Set(receiver.reports().map((report) => report.message_id)).size).toBe(1)
  })

  test('come out of order: accepted after delivered', async () => {
    await running.behave('primary', {
      report_reorder_rate: 1,
      report_batch_max: 1,
      report_flights_max: 1,
      report_delay: { kind: 'fixed', value_ms: 20 },
    })
    await submit(1)
    await received(2)
    expect(receiver.reports().map((report) => report.status)).toEqual(['delivered', 'accepted'])
  })

  test('never come', async () => {
    await running.behave('primary', { report_never_rate: 1 })
    await submit(10)
    expect(await reportCounters()).toMatchObject({ planned: 0, pending: 0 })
  })

  test('tell of other ends', async () => {
    await running.behave('primary', { report_status: { undelivered: 1 } })
    await submit(1)
    await received(1)
    expect(receiver.reports()[0]).toMatchObject({
      status: 'undelivered',
      error_code: 'absent_subscriber',
    })
  })
})

describe('pending reports', () => {
  test('are forgotten by a reset', async () => {
    await running.behave('primary', { report_delay: { kind: 'fixed', value_ms: 3_000_000 } })
    await submit(10)
    expect((await reportCounters()).pending).toBe(10)
    await running.post('/control/primary/reset')
    expect((await reportCounters()).pending).toBe(0)
  })

  test('are sent before a stop, due or not', async () => {
    await running.behave('primary', { report_linger_ms: 10_000 })
    await submit(5)
    await running.behave('primary', { report_delay: { kind: 'fixed', value_ms: 3_000_000 } })
    await submit(5)
    await running.operator.stop()
    expect(receiver.reports().length).toBe(10)
  })
})
