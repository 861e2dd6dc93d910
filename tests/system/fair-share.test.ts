/** Fairness between customers, through the compiled binary: a slow provider, one customer's many, another's few. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import {
  allAre,
  behave,
  type Gateway,
  identities,
  message,
  post,
  startGateway,
  verify,
} from '../support/gateway-fixture.ts'

/** What is under way at once, and read ahead: of these nobody can be overtaken. */
const concurrencyMax = 8

let gateway: Gateway
beforeEach(async () => {
  gateway = await startGateway({
    environment: Object.fromEntries(
      identities.map((identity) => [
        `PROVIDER_${identity.toUpperCase()}_CONCURRENCY_MAX`,
        String(concurrencyMax),
      ]),
    ),
  })
  await answerAfter(100)
})
afterEach(() => gateway.close())

async function answerAfter(ms: number): Promise<void> {
  for (const identity of identities) {
    await behave(gateway.operatorUrl, identity, { latency: { kind: 'fixed', value_ms: ms } })
  }
}

async function submit(customerId: number, count: number, fields: object = {}): Promise<string[]> {
  const ids: string[] = []
  const one = { ...message, customer_id: customerId, ...fields }
  while (ids.length < count) {
    const messages = Array.from({ length: Math.min(5_000, count - ids.length) }, () => one)
    const response = await post(`${gateway.api.url}/api/v1/messages/batch`, { messages })
    const answer = (await response.json()) as { messages: { id: string }[] }
    ids.push(...answer.messages.map(({ id }) => id))
  }
  return ids
}

async function sentOf(customerId: number): Promise<number> {
  const [row] = await gateway.database.sql<{ sent: number }[]>`
    SELECT count(*)::int AS sent FROM messages
    WHERE customer_id = ${customerId} AND status IN ('sent', 'delivered')`
  return row?.sent ?? 0
}

/** How many of the others came to the provider before the last of the few. */
async function overtaken(few: readonly string[], many: readonly string[]): Promise<number> {
  const references = [...few, ...many]
  const response = await post(`${gateway.operatorUrl}/control/arrivals`, { references })
  const { arrivals } = (await response.json()) as { arrivals: Record<string, number | null> }
  const atOf = (id: string) => arrivals[id] ?? Number.POSITIVE_INFINITY
  const last = Math.max(...few.map(atOf))
  expect(last).toBeLessThan(Number.POSITIVE_INFINITY)
  return many.filter((id) => atOf(id) <= last).length
}

async function expectAllDeliveredOnce(ids: readonly string[]): Promise<void> {
  await answerAfter(0)
  await allAre(gateway.database, 'delivered', ids.length, 120_000)
  expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
}

test("a customer's ten are sent while nearly all of another's 20,000 wait", async () => {
  const many = await submit(1, 20_000)
  const few = await submit(2, 10)
  await eventually(async () => (await sentOf(2)) === few.length, {
    what: 'the ten are sent',
    timeoutMs: 60_000,
  })
  expect(many.length - (await sentOf(1))).toBeGreaterThan(15_000)
  expect(await overtaken(few, many)).toBeLessThan(5_000)
  await expectAllDeliveredOnce([...many, ...few])
}, 240_000)

test('those that were scheduled for one instant by two customers too', async () => {
  const schedule_at = new Date(Date.now() + 5_000).toISOString()
  const many = await submit(1, 6_000, { schedule_at })
  const few = await submit(2, 10, { schedule_at })
  await eventually(async () => (await sentOf(2)) === few.length, {
    what: 'the ten are sent',
    timeoutMs: 60_000,
  })
  expect(many.length - (await sentOf(1))).toBeGreaterThan(4_000)
  expect(await overtaken(few, many)).toBeLessThan(2_000)
  await expectAllDeliveredOnce([...many, ...few])
}, 240_000)
