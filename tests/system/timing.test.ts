/** Messages for later, their validity, and taking them back, through the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { type Gateway, identities, startGateway, verify } from '../support/gateway-fixture.ts'

const path = '/api/v1/messages'
const message = { phone: '+491701234567', message: 'hello', customer_id: 1 }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

async function call(method: 'GET' | 'POST', address: string, body?: unknown) {
  const response = await fetch(`${gateway.api.url}${address}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const submit = (fields: object) => call('POST', path, { ...message, ...fields })
const get = async (id: unknown) => (await call('GET', `${path}/${id}`)).body
const cancel = (id: unknown) => call('POST', `${path}/${id}/cancel`)
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
const becomes = (id: unknown, status: string) =>
  eventually(async () => (await get(id)).status === status, { what: `${id} is ${status}` })

describe('a message for later', () => {
  test('is scheduled, waits for its time, and is sent then', async () => {
    const scheduleAt = inMs(3_000)
    const accepted = await submit({ schedule_at: scheduleAt })
    expect(accepted).toMatchObject({ status: 202, body: { status: 'scheduled' } })
    const { id } = accepted.body
    expect(await get(id)).toMatchObject({ status: 'scheduled', attempts: 0 })
    await becomes(id, 'delivered')
    const { sent_at, expires_at } = await get(id)
    expect(Date.parse(String(sent_at))).toBeGreaterThanOrEqual(Date.parse(scheduleAt))
    const validityMs = 2 * 86_400_000
    expect(Date.parse(String(expires_at))).toBe(Date.parse(scheduleAt) + validityMs)
  })

  test('in a batch, with others, each in its own time', async () => {
    const { body } = await call('POST', `${path}/batch`, {
      messages: [message, { ...message, schedule_at: inMs(4_000), lane: 'express' }],
    })
    const items = body.messages as { id: string; status: string }[]
    expect(items.map(({ status }) => status)).toEqual(['queued', 'scheduled'])
    for (const { id } of items) await becomes(id, 'delivered')
    const ids = items.map(({ id }) => id)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
  })

  test('a time that is over is now', async () => {
    const accepted = await submit({ schedule_at: inMs(-60_000) })
    expect(accepted.body.status).toBe('queued')
    await becomes(accepted.body.id, 'delivered')
  })
})

describe('validity', () => {
  test('a message that cannot be sent in its time expires', async () => {
    const outage = (on: boolean) =>
      Promise.all(
        identities.map((identity) =>
          fetch(`${gateway.operatorUrl}/control/${identity}/behaviour`, {
            method: 'PUT',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ outage: on }),
          }),
        ),
      )
    await outage(true)
    try {
      const [byEnd, byTime] = [
        await submit({ expires_at: inMs(2_000) }),
        await submit({ valid_for_s: 1 }),
      ]
      for (const { body } of [byEnd, byTime]) await becomes(body.id, 'expired')
    } finally {
      await outage(false)
    }
  })

  const faulty: [string, object, string[]][] = [
    ['no time', { schedule_at: 'tomorrow' }, ['/schedule_at']],
    ['too far ahead', { schedule_at: inMs(8 * 86_400_000) }, ['/schedule_at']],
    ['an end that is over', { expires_at: inMs(-1) }, ['/expires_at']],
    ['an end too late', { expires_at: inMs(3 * 86_400_000) }, ['/expires_at']],
    ['no seconds', { valid_for_s: 0 }, ['/valid_for_s']],
    ['seconds as text', { valid_for_s: '60' }, ['/valid_for_s']],
    ['too many seconds', { valid_for_s: 2 * 86_400 + 1 }, ['/valid_for_s']],
    ['both', { valid_for_s: 60, expires_at: inMs(60_000) }, ['/valid_for_s']],
  ]
  test.each(faulty)('%s is 422', async (_, fields, places) => {
    const { status, body } = await submit(fields)
    expect(status).toBe(422)
    expect((body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(places)
  })
})

describe('canceling', () => {
  test('a message that waits is never sent; doing it again changes nothing', async () => {
    const { body } = await submit({ schedule_at: inMs(5_000) })
    expect(await cancel(body.id)).toEqual({
      status: 200,
      body: { id: body.id, status: 'canceled' },
    })
    expect((await cancel(body.id)).status).toBe(200)
    // One of the same time, which shows that it has come.
    const beside = await submit({ schedule_at: inMs(5_000) })
    await becomes(beside.body.id, 'delivered')
    expect(await get(body.id)).toMatchObject({ status: 'canceled', attempts: 0 })
    const { delivery_reports } = (await call('GET', `${path}/${body.id}/delivery-reports`)).body
    expect(delivery_reports).toMatchObject([{ status: 'canceled' }])
    const id = String(body.id)
    expect(await verify(gateway.operatorUrl, [id])).toMatchObject({ missing: [id] })
  })

  test('a message that was sent, or is none, cannot be canceled', async () => {
    const { body } = await submit({})
    await becomes(body.id, 'delivered')
    const late = await cancel(body.id)
    expect(late.status).toBe(409)
    expect(late.body.type).toBe('urn:sms-gateway:problem:not-cancelable')
    expect((await cancel(Bun.randomUUIDv7())).status).toBe(404)
    expect((await cancel('x')).status).toBe(404)
  })

  test('against a processor that claims: each message is either sent or canceled, never both', async () => {
    const accepted = await call('POST', `${path}/batch`, {
      messages: Array.from({ length: 500 }, () => message),
    })
    const ids = (accepted.body.messages as { id: string }[]).map(({ id }) => id)
    const outcomes = await Promise.all(ids.map(async (id) => ({ id, ...(await cancel(id)) })))
    const canceled = outcomes.filter(({ status }) => status === 200).map(({ id }) => id)
    const sent = outcomes.filter(({ status }) => status === 409).map(({ id }) => id)
    expect(canceled.length + sent.length).toBe(ids.length)
    for (const id of sent) await becomes(id, 'delivered')
    expect(await verify(gateway.operatorUrl, sent)).toMatchObject({ missing: [], repeated: [] })
    expect(await verify(gateway.operatorUrl, canceled)).toMatchObject({ missing: canceled })
  })
})
