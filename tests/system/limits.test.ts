/** Limits of customers on the compiled binary: two API processes on one Redis. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, runCommand, startRole } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

const path = '/api/v1/messages'
const adminToken = 'an-admin-token'
const effectMsMax = 5_000
const quotaType = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const abnormalType = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected'
const message = { phone: '+491701234567', message: 'hello' }

let redis: RedisServer
let gateway: Gateway
let apis: RunningRole[]
beforeAll(async () => {
  redis = await startRedis()
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { ADMIN_TOKEN: adminToken, REDIS_HOST: redis.hostPort },
  })
  const second = { ...gateway.environment, APP_ADDR: `127.0.0.1:${await freePort()}` }
  apis = [gateway.api, await startRole('api', second)]
})
afterAll(async () => {
  await apis[1]?.kill()
  await gateway.close()
  await redis.remove()
})

async function call(method: string, address: string, body?: unknown, url = gateway.api.url) {
  return await fetch(`${url}${address}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** A customer of its own, with these settings before its first message; answers its id. */
async function newCustomer(settings: object): Promise<number> {
  const made = await call('POST', '/api/v1/customers', { name: 'A' })
  const { id } = (await made.json()) as { id: number }
  expect((await call('PATCH', `/api/v1/customers/${id}`, { settings })).status).toBe(200)
  return id
}

const submit = (customer_id: number, fields: object = {}, url = gateway.api.url) =>
  call('POST', path, { ...message, customer_id, ...fields }, url)

type BatchAnswer = { messages: { id?: string; error?: { type: string } }[] }

async function storedOf(customerId: number): Promise<number> {
  const [row] = await gateway.database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages WHERE customer_id = ${customerId}`
  return row?.count ?? 0
}

/** Both processes use up one quota. */
async function untilShared(): Promise<void> {
  await eventually(
    async () => {
      const id = await newCustomer({ limits: { messages_per_day: 1 } })
      expect((await submit(id, {}, apis[0]?.url)).status).toBe(202)
      return (await submit(id, {}, apis[1]?.url)).status === 429
    },
    { what: 'both processes use up one quota' },
  )
}

describe('a quota', () => {
  test('is shared by all processes, exactly', async () => {
    const id = await newCustomer({ limits: { messages_per_day: 300 } })
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, place) => submit(id, {}, apis[place % 2]?.url)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(300)
    expect(statuses.filter((status) => status === 429)).toHaveLength(700)
    expect(await storedOf(id)).toBe(300)
  })

  test('is told in headers, and when to come back', async () => {
    const id = await newCustomer({
      limits: { messages_per_second: 50, burst_s: 10, messages_per_day: 1 },
    })
    const accepted = await submit(id)
    expect(accepted.status).toBe(202)
    expect(accepted.headers.get('ratelimit-policy')).toBe('"rate";q=500;w=10, "day";q=1;w=86400')
    expect(accepted.headers.get('ratelimit')).toMatch(/^"rate";r=499;t=10, "day";r=0;t=\d+$/)
    const refused = await submit(id)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await refused.json()).toMatchObject({
      type: quotaType,
      status: 429,
      'violated-policies': ['day'],
    })
  })

  test('is no other customer’s, and not of those who have none', async () => {
    const limited = await newCustomer({ limits: { messages_per_day: 0 } })
    const other = await newCustomer({ limits: { messages_per_day: 1 } })
    const free = await newCustomer({})
    expect((await submit(limited)).status).toBe(429)
    expect((await submit(other)).status).toBe(202)
    const answer = await submit(free)
    expect(answer.status).toBe(202)
    expect(answer.headers.has('ratelimit')).toBe(false)
  })

  test('takes a batch as far as it goes, in order; with a key whole or not at all', async () => {
    const id = await newCustomer({ limits: { messages_per_day: 5 } })
    const batch = (count: number, key?: string) =>
      fetch(`${gateway.api.url}${path}/batch`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${adminToken}`,
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: JSON.stringify({
          messages: Array.from({ length: count }, () => ({ ...message, customer_id: id })),
        }),
      })
    const tooMany = await batch(6, crypto.randomUUID())
    expect(tooMany.status).toBe(429)
    expect(tooMany.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await storedOf(id)).toBe(0)

    const key = crypto.randomUUID()
    const whole = await batch(2, key)
    expect(whole.status).toBe(202)
    const body = await whole.json()
    const parted = await batch(7)
    expect(parted.status).toBe(202)
    const { messages } = (await parted.json()) as BatchAnswer
    const fit = messages.map((item) => item.id !== undefined)
    expect(fit).toEqual([true, true, true, false, false, false, false])
    expect(messages[3]?.error?.type).toBe(quotaType)
    expect((await batch(1)).status).toBe(429)
    const again = await batch(2, key)
    expect(again.status).toBe(202)
    expect(await again.json()).toEqual(body)
    expect(await storedOf(id)).toBe(5)
  })

  test('of an API key is its own', async () => {
    const id = await newCustomer({ limits: { messages_per_second_per_key: 1, burst_s: 60 } })
    const newKey = async () => {
      const made = await call('POST', '/api/v1/keys', { customer_id: id, scopes: ['send'] })
      return ((await made.json()) as { key: string }).key
    }
    const keys = [await newKey(), await newKey()]
    const send = async (key: string | undefined, url: string | undefined) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'x-api-key': key ?? '', 'content-type': 'application/json' },
        body: JSON.stringify(message),
      })
      return response.status
    }
    for (const key of keys) {
      const sent = Array.from({ length: 80 }, (_, place) => send(key, apis[place % 2]?.url))
      const statuses = await Promise.all(sent)
      expect(statuses.filter((status) => status === 202)).toHaveLength(60)
      expect(statuses.filter((status) => status === 429)).toHaveLength(20)
    }
  })

  test('that is changed is in force within five seconds, in all processes', async () => {
    const id = await newCustomer({ limits: { messages_per_day: 1 } })
    await submit(id)
    for (const api of apis) expect((await submit(id, {}, api.url)).status).toBe(429)
    const settings = JSON.stringify({ limits: { messages_per_day: 100 } })
    const set = await runCommand(['customers', 'set', String(id), settings], gateway.environment)
    expect(set.exitCode).toBe(0)
    for (const api of apis) {
      await eventually(async () => (await submit(id, {}, api.url)).status === 202, {
        what: 'the quota is raised, and nothing that was refused has used it up',
        timeoutMs: effectMsMax,
      })
    }
  })
})

describe('the guard against pumped traffic', () => {
  test('refuses too many to one number, or to its neighbours, over all processes', async () => {
    const id = await newCustomer({
      pumping_guard: { messages_per_recipient_max: 5, messages_per_range_max: 8 },
    })
    const codes = async (phones: string[]) => {
      const sent = phones.map((phone, place) => submit(id, { phone }, apis[place % 2]?.url))
      const answers = await Promise.all(sent)
      return answers.filter(({ status }) => status === 202).length
    }
    expect(await codes(Array.from({ length: 20 }, () => '+79001234500'))).toBe(5)
    const neighbours = Array.from({ length: 20 }, (_, place) => `+790012345${place + 10}`)
    expect(await codes(neighbours)).toBe(3)
    expect(await codes(['+79001234600', '+491701234567'])).toBe(2)

    const refused = await submit(id, { phone: '+79001234500' })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await refused.json()).toMatchObject({
      type: abnormalType,
      'violated-policies': ['range', 'recipient'],
    })
    const metrics = await (await fetch(`${gateway.api.url}/metrics`)).text()
    expect(metrics).toMatch(/sms_pumping_refused_total\{rule="range"\} [1-9]/)
    expect(metrics).toMatch(/sms_pumping_suspected_customers [1-9]/)
    const logs = () => `${gateway.api.logs()}${apis[1]?.logs()}`
    await eventually(() => logs().includes('pumping.refused'), { what: 'a line in the log' })
    expect(logs()).toContain('"prefix":"790012"')
    expect(logs()).not.toContain('7900123450')
  })
})

describe('bad settings', () => {
  test('are all named', async () => {
    const id = await newCustomer({})
    const answer = await call('PATCH', `/api/v1/customers/${id}`, {
      settings: {
        limits: { messages_per_second: 0, burst_s: 61, messages_per_day: -1, per_week: 5 },
        pumping_guard: { window_s: 1.5, prefix_digits: '6', messages_per_prefix_max: null, x: 1 },
      },
    })
    expect(answer.status).toBe(422)
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/settings/limits/burst_s',
      '/settings/limits/messages_per_day',
      '/settings/limits/messages_per_second',
      '/settings/limits/per_week',
      '/settings/pumping_guard/messages_per_prefix_max',
      '/settings/pumping_guard/prefix_digits',
      '/settings/pumping_guard/window_s',
      '/settings/pumping_guard/x',
    ])
  })

  test('of the environment end the start', async () => {
    const checked = await runCommand(['config', 'check'], {
      ...gateway.environment,
      LIMIT_MESSAGES_PER_SECOND: '0',
      PUMPING_PREFIX_DIGITS: 'six',
    })
    expect(checked.exitCode).toBe(2)
    expect(`${checked.stdout}${checked.stderr}`).toContain('LIMIT_MESSAGES_PER_SECOND')
    expect(`${checked.stdout}${checked.stderr}`).toContain('PUMPING_PREFIX_DIGITS')
  })
})

describe('without Redis', () => {
  test('limits are counted in the process, until it is back', async () => {
    const id = await newCustomer({ limits: { messages_per_day: 10 } })
    for (let sent = 0; sent < 10; sent++) expect((await submit(id)).status).toBe(202)
    expect((await submit(id)).status).toBe(429)
    await redis.stop()
    const insured = await Promise.all(Array.from({ length: 30 }, () => submit(id)))
    expect(insured.filter(({ status }) => status === 202)).toHaveLength(10)
    expect(insured.filter(({ status }) => status === 429)).toHaveLength(20)
    const metrics = await (await fetch(`${gateway.api.url}/metrics`)).text()
    expect(metrics).toMatch(/sms_limits_insured_total [1-9]/)
    await eventually(() => gateway.api.logs().includes('limits.in_process'), {
      what: 'a line in the log',
    })

    await redis.start()
    await untilShared()
  })
})

describe('a Redis that hangs', () => {
  test('keeps no message waiting: limits are counted in the process', async () => {
    const id = await newCustomer({ limits: { messages_per_day: 3 } })
    const pid = redis.pid()
    if (pid === null) throw new Error('Redis runs')
    process.kill(pid, 'SIGSTOP')
    try {
      const answers = await Promise.all(Array.from({ length: 5 }, () => submit(id)))
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(3)
      expect((await submit(id)).status).toBe(429)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await untilShared()
  })
})
