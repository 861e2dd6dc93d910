/** The whole life of messages through api, processor and operator as separate processes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import {
  allAre,
  behave,
  type Gateway,
  identities,
  metric,
  startGateway,
  submitMany,
  submitOne,
  verify,
} from '../support/gateway-fixture.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ environment: { RETRY_ATTEMPTS_MAX: '1' } })
})
afterAll(() => gateway.close())

interface Answer {
  readonly status: string
  readonly next_cursor: string
  readonly messages: readonly { readonly id: string }[]
  readonly failures: readonly { readonly provider: string }[]
  readonly delivery_reports: readonly { readonly status: string }[]
  readonly identities: Readonly<Record<string, { readonly taken: number }>>
}

const json = async (url: string) => (await (await fetch(url)).json()) as Answer

const get = (path: string) => json(`${gateway.api.url}${path}`)

const statusOf = async (id: string): Promise<string> => (await get(`/api/v1/messages/${id}`)).status

const becomes = (id: string, status: string) =>
  eventually(async () => (await statusOf(id)) === status, { what: `${id} is ${status}` })

describe('a message', () => {
  test('is accepted, sent and delivered, and its reports say so', async () => {
    const id = await submitOne(gateway.api.url)
    await becomes(id, 'delivered')
    expect(await get(`/api/v1/messages/${id}`)).toMatchObject({ id, attempts: 1, failures: [] })
    const { delivery_reports } = await get(`/api/v1/messages/${id}/delivery-reports`)
    expect(delivery_reports.map((report) => report.status)).toEqual(['sent', 'delivered'])
    expect(await verify(gateway.operatorUrl, [id])).toMatchObject({ missing: [], repeated: [] })
  })

  test('goes by the express lane when it is asked to', async () => {
    const id = await submitOne(gateway.api.url, '/api/v1/messages/express')
    await becomes(id, 'delivered')
    expect(await get(`/api/v1/messages/${id}`)).toMatchObject({ lane: 'express' })
  })

  test('is found by listing, newest first, page by page', async () => {
    const ids = await submitMany(gateway.api.url, 5)
    const first = await get('/api/v1/messages?limit=3')
    const second = await get(`/api/v1/messages?limit=2&cursor=${first.next_cursor}`)
    const listed = [...first.messages, ...second.messages].map(({ id }) => id)
    expect(listed).toEqual(ids.toSorted().reverse())
  })
})

describe('routing', () => {
  test('10,000 messages split 100:80:60 to within 1 %, none missing, none twice', async () => {
    await fetch(`${gateway.operatorUrl}/control/reset`, { method: 'POST' })
    await gateway.database.sql`TRUNCATE messages, provider_references, delivery_reports`
    const ids = await submitMany(gateway.api.url, 10_000)
    await allAre(gateway.database, 'delivered', 10_000)
    const counters = await json(`${gateway.operatorUrl}/control/counters`)
    const [primary = 0, secondary = 0, backup = 0] = identities.map(
      (name) => counters.identities[name]?.taken ?? 0,
    )
    expect(Math.abs(primary - 4_166.7)).toBeLessThan(41.7)
    expect(Math.abs(secondary - 3_333.3)).toBeLessThan(33.3)
    expect(Math.abs(backup - 2_500)).toBeLessThan(25)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({
      checked: 10_000,
      missing: [],
      repeated: [],
    })
  })

  test('a rejection is final and says why; an outage of all providers leads to the dead letters, and back', async () => {
    for (const identity of identities)
      await behave(gateway.operatorUrl, identity, { reject_rate: 1 })
    const rejected = await submitOne(gateway.api.url)
    await becomes(rejected, 'rejected')
    expect((await get(`/api/v1/messages/${rejected}`)).failures).toHaveLength(1)

    for (const identity of identities)
      await behave(gateway.operatorUrl, identity, { reject_rate: 0, outage: true })
    const dead = await submitOne(gateway.api.url)
    await becomes(dead, 'failed')
    const { failures } = await get(`/api/v1/messages/${dead}`)
    expect(failures.map(({ provider }) => provider).sort()).toEqual([...identities].sort())

    const list = await runCommand(['dlq', 'list', '--json'], gateway.environment)
    expect(list.exitCode).toBe(0)
    expect(JSON.parse(list.stdout.trim())).toMatchObject({
      message_id: dead,
      error_code: 'outage',
    })
    const show = await runCommand(['dlq', 'show', dead], gateway.environment)
    expect(JSON.parse(show.stdout).failures).toHaveLength(3)

    for (const identity of identities)
      await behave(gateway.operatorUrl, identity, { outage: false })
    const replay = await runCommand(['dlq', 'replay', dead], gateway.environment)
    expect(replay).toMatchObject({ exitCode: 0, stdout: '1 replayed\n' })
    await becomes(dead, 'delivered')
    expect((await runCommand(['dlq', 'list'], gateway.environment)).stdout).toBe(
      'no dead letters\n',
    )
  })
})

describe('metrics', () => {
  test('tell what was done, in both roles', async () => {
    const { api, processor } = gateway
    await becomes(await submitOne(api.url), 'delivered')
    expect(await metric(api.url, 'sms_accepted_total', { lane: 'normal' })).toBeGreaterThan(0)
    expect(await metric(api.url, 'sms_final_total', { status: 'delivered' })).toBeGreaterThan(0)
    expect(await metric(processor.url, 'sms_claimed_total', { lane: 'normal' })).toBeGreaterThan(0)
    expect(
      await metric(processor.url, 'sms_submitted_total', { outcome: 'taken' }),
    ).toBeGreaterThan(0)
    const closed = { provider: 'primary', state: 'closed' }
    expect(await metric(processor.url, 'sms_provider_circuit_state', closed)).toBe(1)
    for (const name of [
      'sms_queue_depth',
      'sms_queue_oldest_age_seconds',
      'sms_queue_wait_seconds_count',
    ]) {
      expect(await metric(processor.url, name, { lane: 'normal' })).not.toBeNull()
    }
  })
})

describe('stopping', () => {
  test('SIGTERM under load ends each role with 0, and nothing is lost or sent twice', async () => {
    await gateway.database.sql`TRUNCATE messages, provider_references, delivery_reports`
    const ids = await submitMany(gateway.api.url, 3_000)
    expect(await gateway.processor.stop()).toBe(0)
    expect(await gateway.api.stop()).toBe(0)
    const again = await startGateway({
      database: gateway.database,
      environment: { ...gateway.environment },
      without: ['operator'],
    })
    gateway.api = again.api
    gateway.processor = again.processor
    await allAre(gateway.database, 'delivered', 3_000)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
  })
})
