import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, type FakeApi } from '../../tests/support/fake-api.ts'
import { type CustomerSettings, unknownCustomer } from '../domain/customer-settings.ts'
import type { Counters, Demand } from '../limits/counters.ts'
import { createMemoryCounters, memoryCountersDefault } from '../limits/memory-counters.ts'
import { issueKey } from './issued-key.ts'
import { InsufficientBalanceError } from './store-failure.ts'

const path = '/api/v1/messages'
const message = { phone: '+491701234567', message: 'hello', customer_id: 7 }
const quotaType = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const abnormalType = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected'

let api: FakeApi
let asked: (readonly Demand[])[]
let counters: Counters

beforeEach(() => {
  asked = []
  const memory = createMemoryCounters(memoryCountersDefault)
  counters = {
    take(demands) {
      asked.push(demands)
      return memory.take(demands)
    },
    giveBack: (unused) => memory.giveBack(unused),
    close: () => memory.close(),
  }
  api = createFakeApi({ counters })
})
afterEach(() => api.close())

function set(settings: CustomerSettings, id = 7): void {
  api.known.profiles.set(id, { ...unknownCustomer(id), isKnown: true, settings })
}

/** Makes a key of customer 7 known; answers the headers that bring it. */
function newKey(): Record<string, string> {
  const { key, prefix, hash } = issueKey()
  api.known.keys.set(prefix, { hash, customerId: 7, scopes: ['send', 'read'], refusal: null })
  return { authorization: `Bearer ${key}` }
}

const submit = (fields: object = {}, headers: Record<string, string> = {}) =>
  api.send(path, { ...message, ...fields }, headers)

const statuses = async (answers: readonly Promise<Response>[]) =>
  (await Promise.all(answers)).map(({ status }) => status)

type BatchAnswer = { messages: { id?: string; error?: Record<string, unknown> }[] }
const batchOf = (count: number, fields: object = {}) => ({
  messages: Array.from({ length: count }, () => ({ ...message, ...fields })),
})
const accepted = ({ messages }: BatchAnswer) => messages.map(({ id }) => id !== undefined)

describe('without limits', () => {
  test('nothing is counted and nothing is told', async () => {
    const answer = await submit()
    expect(answer.status).toBe(202)
    expect(answer.headers.has('ratelimit')).toBe(false)
    expect(answer.headers.has('ratelimit-policy')).toBe(false)
    expect((await api.send(`${path}/batch`, batchOf(3))).status).toBe(202)
    expect(asked).toEqual([])
  })
})

describe('a quota', () => {
  test('is told with what is accepted, and refuses what is beyond it', async () => {
    set({ limits: { messages_per_second: 1_000, burst_s: 5, messages_per_day: 2 } })
    const first = await submit()
    expect(first.status).toBe(202)
    expect(first.headers.get('ratelimit-policy')).toBe('"rate";q=5000;w=5, "day";q=2;w=86400')
    expect(first.headers.get('ratelimit')).toMatch(/^"rate";r=4999;t=5, "day";r=1;t=\d+$/)
    expect(first.headers.get('location')).toStartWith(path)
    await submit()

    const third = await submit()
    expect(third.status).toBe(429)
    const retryAfter = Number(third.headers.get('retry-after'))
    expect(retryAfter).toBeWithin(1, 86_401)
    expect(third.headers.get('ratelimit')).toContain(`"day";r=0;t=`)
    const problem = await problemOf(third)
    expect(problem).toMatchObject({ type: quotaType, 'violated-policies': ['day'] })
    expect(problem.detail).toContain(`"day" (2 messages in 86400 s)`)
    expect(api.inserted).toHaveLength(2)
    expect(await api.metric('sms_refused_total', { reason: 'limited' })).toBe(1)
  })

  test('is counted once for what comes at the same time', async () => {
    set({ limits: { messages_per_day: 30 } })
    await submit()
    asked.length = 0
    const all = await statuses(Array.from({ length: 100 }, () => submit()))
    expect(all.filter((status) => status === 202)).toHaveLength(29)
    expect(all.filter((status) => status === 429)).toHaveLength(71)
    expect(asked.length).toBeLessThan(20)
  })

  test('is not touched by what is refused for another reason', async () => {
    set({ limits: { messages_per_second: 1, messages_per_day: 100 } })
    expect(await statuses(Array.from({ length: 20 }, () => submit()))).toContain(429)
    expect((await submit({ phone: '1' })).status).toBe(422)
    set({ limits: { messages_per_day: 100 } }, 8)
    const other = await submit({ customer_id: 8 })
    expect(other.headers.get('ratelimit')).toMatch(/^"day";r=99;/)
    // Beyond the rate, nothing was taken of the day.
    const [demands] = asked.filter((some) => some.some(({ key }) => key.startsWith('day:7')))
    const day = demands?.find(({ key }) => key.startsWith('day:7'))
    if (day === undefined) throw new Error('the day was counted')
    const { grants } = await counters.take([{ ...day, count: 1 }])
    expect(grants[0]?.left).toBe(98)
  })

  test('of nothing refuses everything', async () => {
    set({ limits: { messages_per_day: 0 } })
    expect((await submit()).status).toBe(429)
  })

  test('that is large is mostly counted without asking, and not exceeded by two processes', async () => {
    const limits = { limits: { messages_per_day: 5_000 } }
    const other = createFakeApi({ counters })
    set(limits)
    other.known.profiles.set(7, { ...unknownCustomer(7), isKnown: true, settings: limits })
    const first = await submit()
    const second = await submit()
    expect(first.headers.get('ratelimit')).toMatch(/^"day";r=4999;t=\d+$/)
    expect(second.headers.get('ratelimit')).toMatch(/^"day";r=4998;t=\d+$/)
    expect(asked).toHaveLength(1)
    let accepted = 2
    for (let round = 0; round < 110; round++) {
      const both = [api, other].flatMap(({ send }) =>
        Array.from({ length: 25 }, () => send(path, message)),
      )
      accepted += (await statuses(both)).filter((status) => status === 202).length
    }
    // What the other has in stock may be left over: at most a five-hundredth of the limit.
    expect(accepted).toBeWithin(4_990, 5_001)
    await other.close()
  }, 20_000)

  test('of a key is its own, and not that of the customer', async () => {
    set({ limits: { messages_per_second_per_key: 1, burst_s: 60, messages_per_day: 65 } })
    const [one, two] = [newKey(), newKey()]
    const ofOne = Array.from({ length: 64 }, () => submit({}, one))
    expect((await statuses(ofOne)).filter((status) => status === 202)).toHaveLength(60)
    const ofTwo = await submit({}, two)
    expect(ofTwo.headers.get('ratelimit-policy')).toBe('"day";q=65;w=86400, "key";q=60;w=60')
    expect(ofTwo.headers.get('ratelimit')).toMatch(/^"day";r=4;t=\d+, "key";r=59;t=60$/)
    const refused = await problemOf(await submit({}, one))
    expect(refused).toMatchObject({ 'violated-policies': ['key'] })
  })

  test('of everybody is in force where a customer has none of its own', async () => {
    await api.close()
    api = createFakeApi({ traffic: { limits: { messages_per_day: 1 }, guard: {} } })
    set({ limits: { messages_per_second: 9 } }, 8)
    set({ limits: { messages_per_day: 5 } }, 9)
    const policies = [7, 8, 9].map(async (customer_id) => {
      return (await submit({ customer_id })).headers.get('ratelimit-policy')
    })
    expect(await Promise.all(policies)).toEqual([
      '"day";q=1;w=86400',
      '"rate";q=9;w=1, "day";q=1;w=86400',
      '"day";q=5;w=86400',
    ])
  })
})

describe('a batch', () => {
  beforeEach(() => set({ limits: { messages_per_day: 3 } }))

  test('is accepted as far as it fits, in order', async () => {
    const { messages } = batchOf(5)
    const faulty = { messages: [{ ...message, phone: 'x' }, ...messages] }
    const answer = await api.send(`${path}/batch`, faulty)
    expect(answer.status).toBe(202)
    expect(answer.headers.has('retry-after')).toBe(false)
    const body = await jsonOf<BatchAnswer>(answer)
    expect(accepted(body)).toEqual([false, true, true, true, false, false])
    expect(body.messages[4]?.error).toMatchObject({ status: 429, type: quotaType })
    expect(body.messages[0]?.error).toMatchObject({ status: 422 })
    expect(await api.metric('sms_refused_total', { reason: 'limited' })).toBe(2)
  })

  test('of which nothing fits is refused, and tells when to come back', async () => {
    await api.send(`${path}/batch`, batchOf(3))
    const answer = await api.send(`${path}/batch`, batchOf(2))
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(accepted(await jsonOf<BatchAnswer>(answer))).toEqual([false, false])
  })

  test('of one customer tells what is left of its limits', async () => {
    const answer = await api.send(`${path}/batch`, batchOf(2), newKey())
    expect(answer.headers.get('ratelimit')).toMatch(/^"day";r=1;/)
  })

  test('of several customers counts for each', async () => {
    set({ limits: { messages_per_day: 1 } }, 8)
    const messages = [7, 8, 9, 8, 7].map((customer_id) => ({ ...message, customer_id }))
    const answer = await api.send(`${path}/batch`, { messages })
    expect(accepted(await jsonOf<BatchAnswer>(answer))).toEqual([true, true, true, false, true])
    expect(answer.headers.has('ratelimit')).toBe(false)
  })

  test('with a key is taken whole or not at all, and what it does not use stays', async () => {
    const key = { 'idempotency-key': 'a' }
    const refused = await api.send(`${path}/batch`, batchOf(4), key)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(accepted(await jsonOf<BatchAnswer>(refused))).toEqual([false, false, false, false])
    expect(api.inserted).toEqual([])
    expect((await api.send(`${path}/batch`, batchOf(3), key)).status).toBe(202)
  })
})

test('what the account does not pay for is not counted', async () => {
  set({ limits: { messages_per_day: 2 } })
  api.failures.insert = new InsufficientBalanceError()
  expect((await submit()).status).toBe(402)
  expect((await api.send(`${path}/batch`, batchOf(2))).status).toBe(402)
  delete api.failures.insert
  expect((await submit()).headers.get('ratelimit')).toMatch(/^"day";r=1;/)
})

describe('a repetition', () => {
  const key = { 'idempotency-key': 'once' }

  test('is answered though nothing is left, and costs nothing', async () => {
    set({ limits: { messages_per_day: 2 } })
    const first = await submit({}, key)
    expect(first.headers.get('ratelimit')).toMatch(/^"day";r=1;/)
    const again = await submit({}, key)
    expect(again.status).toBe(202)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await jsonOf(again)).toEqual(await jsonOf(first))
    expect((await submit()).headers.get('ratelimit')).toMatch(/^"day";r=0;/)
    expect((await submit()).status).toBe(429)
    expect((await submit({}, key)).status).toBe(202)
  })

  test('of a batch is answered as well', async () => {
    set({ limits: { messages_per_day: 2 } })
    const first = await api.send(`${path}/batch`, batchOf(2), key)
    expect(first.status).toBe(202)
    const again = await api.send(`${path}/batch`, batchOf(2), key)
    expect(again.status).toBe(202)
    expect(await jsonOf(again)).toEqual(await jsonOf(first))
  })
})

describe('the guard', () => {
  test('refuses too many to one number, and tells whoever runs the service once', async () => {
    set({ pumping_guard: { messages_per_recipient_max: 2 } })
    const all = await statuses(Array.from({ length: 5 }, () => submit()))
    expect(all.filter((status) => status === 202)).toHaveLength(2)
    expect((await submit({ phone: '+491701234568' })).status).toBe(202)

    const refused = await submit()
    expect(refused.headers.has('ratelimit')).toBe(false)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 3_601)
    const problem = await problemOf(refused)
    expect(problem).toMatchObject({ type: abnormalType, 'violated-policies': ['recipient'] })
    expect(problem.detail).not.toContain('491701')
    expect(await api.metric('sms_pumping_refused_total', { rule: 'recipient' })).toBe(4)
    expect(await api.metric('sms_refused_total', { reason: 'pumping' })).toBe(4)
    expect(await api.metric('sms_pumping_suspected_customers')).toBe(1)
    const lines = api.logLines.filter(({ event }) => event === 'pumping.refused')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ customerId: 7, prefix: '491701', rules: ['recipient'] })
  })

  test.each([
    ['prefix', { messages_per_prefix_max: 3, prefix_digits: 4 }, 1_000_000],
    ['range', { messages_per_range_max: 3 }, 1],
  ])('refuses too many to one %s', async (name, pumping_guard, step) => {
    set({ pumping_guard })
    const messages = Array.from({ length: 5 }, (_, place) => ({
      ...message,
      phone: `+${491_701_234_500 + place * step}`,
    }))
    const answer = await api.send(`${path}/batch`, { messages })
    const body = await jsonOf<BatchAnswer>(answer)
    expect(accepted(body)).toEqual([true, true, true, false, false])
    expect(body.messages[3]?.error).toMatchObject({ 'violated-policies': [name] })
    set({ pumping_guard }, 8)
    expect((await submit({ customer_id: 8, phone: '+491701234500' })).status).toBe(202)
  })
})
