/** Idempotency keys on the compiled binary, over two API processes, one of which is killed. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import { allAre, type Gateway, startGateway, verify } from '../support/gateway-fixture.ts'

const path = '/api/v1/messages'

let gateway: Gateway
let apis: RunningRole[]
beforeAll(async () => {
  gateway = await startGateway()
  apis = [
    gateway.api,
    await startRole('api', {
      ...gateway.environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    }),
  ]
})
afterAll(async () => {
  for (const api of apis) await api.kill()
  await gateway.close()
})

function send(api: RunningRole | undefined, key: string, body: unknown, address = path) {
  return fetch(`${api?.url}${address}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
    body: JSON.stringify(body),
  })
}

const message = { phone: '+491701234567', message: 'hello', customer_id: 1 }

async function countOf(text: string): Promise<number> {
  const [row] = await gateway.database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages WHERE body = ${text}`
  return row?.count ?? 0
}

test('1,000 times the same request over two processes, one of them killed meanwhile, is one message', async () => {
  const key = crypto.randomUUID()
  const body = { ...message, message: 'once' }
  const ids = new Set<string>()
  const statuses = new Map<number, number>()
  const victim = await startRole('api', {
    ...gateway.environment,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
  })
  let answered = 0
  let killed: Promise<void> | undefined
  async function one(index: number): Promise<void> {
    try {
      const response = await send(index % 2 === 0 ? victim : apis[0], key, body)
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const answer = (await response.json()) as { id?: string }
      if (response.status === 202 && answer.id !== undefined) ids.add(answer.id)
    } catch {
      // The process that it was sent to has been killed.
    }
    answered++
    if (answered === 100) killed = victim.kill()
  }
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => one(index)))
  await killed
  const last = await send(apis[0], key, body)
  expect(last.status).toBe(202)
  expect(last.headers.get('idempotency-replayed')).toBe('true')
  ids.add(((await last.json()) as { id: string }).id)
  expect(ids.size).toBe(1)
  expect([...statuses.keys()].filter((status) => ![202, 409, 503].includes(status))).toEqual([])
  expect(await countOf('once')).toBe(1)
})

test('a process killed at any moment leaves each key with its messages, or without any', async () => {
  const keys = Array.from({ length: 400 }, () => crypto.randomUUID())
  const victim = await startRole('api', {
    ...gateway.environment,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
  })
  const bodyOf = (key: string) => ({
    messages: [
      { ...message, message: key },
      { ...message, message: key, lane: 'express' },
    ],
  })
  const batch = `${path}/batch`
  let answered = 0
  const first = await Promise.allSettled(
    keys.map(async (key) => {
      const response = await send(victim, key, bodyOf(key), batch)
      const text = await response.text()
      if (++answered === 50) void victim.kill()
      return { status: response.status, text }
    }),
  )
  await victim.kill()
  const second = await Promise.all(
    keys.map(async (key) => {
      const response = await send(apis[1], key, bodyOf(key), batch)
      return { status: response.status, text: await response.text() }
    }),
  )
  let compared = 0
  for (const [index, answer] of first.entries()) {
    if (answer.status === 'rejected' || answer.value.status !== 202) continue
    expect(second[index]).toEqual(answer.value)
    compared++
  }
  expect(compared).toBeGreaterThan(0)
  const sent = second.flatMap(({ text }) =>
    (JSON.parse(text) as { messages: { id: string }[] }).messages.map(({ id }) => id),
  )
  expect(new Set(sent).size).toBe(2 * keys.length)
  for (const key of keys.slice(0, 20)) expect(await countOf(key)).toBe(2)
  const [row] = await gateway.database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages`
  await allAre(gateway.database, 'delivered', row?.count ?? 0)
  expect(await verify(gateway.operatorUrl, sent)).toMatchObject({ missing: [], repeated: [] })
})

test('a key is told when it is used for something else, or is none', async () => {
  const key = crypto.randomUUID()
  expect((await send(apis[0], key, message)).status).toBe(202)
  const other = await send(apis[1], key, { ...message, message: 'other' })
  expect(other.status).toBe(422)
  expect(((await other.json()) as { type: string }).type).toEndWith(':idempotency-key-reused')
  expect((await send(apis[0], 'x'.repeat(256), message)).status).toBe(422)
})
