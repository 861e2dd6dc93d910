/** The same life with everything on that a customer's message may need, between two without. */
import type { Environment } from '../../tests/support/gateway.ts'
import type { LoadPlan } from '../load/load-plan.ts'
import { atLeast, type Bench, type Row } from '../row.ts'
import { measureLife } from './whole-life.ts'

const measuredMs = 30_000
const adminToken = 'of-the-benchmark'

/** What a customer's message costs beside that of nobody: at least so much of the throughput stays. */
const shareMin = 0.8

const environment: Environment = { ADMIN_TOKEN: adminToken, SMART_ENCODING: 'on' }

/** Limits that are counted and never reached. */
const settings = { limits: { messages_per_second: 100_000, messages_per_day: 1_000_000_000 } }

async function asStaff<T>(apiUrl: string, method: string, path: string, body: object): Promise<T> {
  const response = await fetch(`${apiUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** A customer with a key, money and limits; each of its requests has an idempotency key. */
async function prepare(apiUrl: string): Promise<Partial<LoadPlan>> {
  await asStaff(apiUrl, 'PUT', '/prices', { prices: { '+': '0.01', '+999': '0.075' } })
  await asStaff(apiUrl, 'POST', '/customers', { id: 1, name: 'The benchmark' })
  await asStaff(apiUrl, 'PATCH', '/customers/1', { settings })
  await asStaff(apiUrl, 'PUT', '/customers/1/account', {})
  const money = { kind: 'top_up', amount: '1000000', reference: 'all of it' }
  await asStaff(apiUrl, 'POST', '/customers/1/account/entries', money)
  const { key } = await asStaff<{ key: string }>(apiUrl, 'POST', '/keys', { customer_id: 1 })
  return { headers: [`authorization: Bearer ${key}`], isKeyed: true }
}

const without = async (bench: Bench) =>
  await measureLife(bench, await bench.servers(), measuredMs / 2)

export const customerLife: Row = {
  name: 'customer-life',
  summary:
    'whole life for 30 s of a customer: API key, limits, money, idempotency key, smart encoding; beside one without',
  async run(bench) {
    // Before and after: a machine is seldom as fast for two minutes as it is in one.
    const before = await without(bench)
    const life = await measureLife(bench, await bench.servers(), measuredMs, environment, prepare)
    const after = await without(bench)
    const rateWithout = (before.rate + after.rate) / 2
    return {
      figures: [
        { what: 'delivered', unit: 'messages/s', value: life.rate, target: null },
        {
          what: 'of what is delivered without',
          unit: 'times',
          value: life.rate / rateWithout,
          target: atLeast(shareMin),
        },
        { what: 'accept p99', unit: 'ms', value: life.result.latencyMs.p99, target: null },
      ],
      floor: {
        what: 'the same without',
        unit: 'messages/s',
        value: rateWithout,
        target: null,
      },
      cpuMicroseconds: life.cpuMicroseconds,
      faults: [...before.faults, ...life.faults, ...after.faults],
    }
  },
}
