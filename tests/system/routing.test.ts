/** Routes on the compiled binary: who gets which messages, by destination and by what is set for the customer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { behave, metric } from '../support/gateway-fixture.ts'
import {
  everybody,
  numbered,
  type RoutingFixture,
  type Rules,
  startRoutingFixture,
} from '../support/routing-fixture.ts'

let at: RoutingFixture
beforeAll(async () => {
  at = await startRoutingFixture()
})
afterAll(() => at.close())
afterEach(() => at.clear())

describe('prefixes', () => {
  test('split the traffic, and what has no route is refused', async () => {
    await at.reload({
      primary: 'prefixes = ["+49"]\nprefixes_denied = ["+49160"]',
      secondary: 'prefixes = ["+43", "+49160"]',
      backup: 'prefixes = ["+1"]',
    })
    const ids = [
      ...(await at.submit(numbered('+49151', 300), at.nobody)),
      ...(await at.submit(numbered('+49160', 300), at.nobody)),
      ...(await at.submit(numbered('+4366', 300), at.nobody)),
      ...(await at.submit(numbered('+1202', 300), at.nobody)),
    ]
    expect(await at.split(1_200, 6)).toEqual({
      '+49151 primary': 300,
      '+49160 secondary': 300,
      '+43661 secondary': 300,
      '+12021 backup': 300,
    })
    await at.sentOnce(ids)
    const refused = await at.call('POST', '/api/v1/messages', {
      phone: '+447700900123',
      message: 'hello',
      customer_id: at.nobody,
    })
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/phone', detail: expect.stringContaining('no provider') }] },
    })
    expect(at.api.logs()).not.toContain('447700900123')
  })

  test('those that may have a destination share it by their weights', async () => {
    await at.reload({
      primary: 'weight = 100\nprefixes_denied = ["+1"]',
      secondary: 'weight = 80',
      backup: 'weight = 60',
    })
    await at.submit(numbered('+49151', 2_400), at.nobody)
    await at.submit(numbered('+1202', 1_400), at.nobody)
    const found = await at.split(3_800, 2)
    expect(found['+1 primary']).toBeUndefined()
    expect(Math.abs((found['+4 primary'] ?? 0) - 1_000)).toBeLessThan(150)
    expect(Math.abs((found['+4 secondary'] ?? 0) - 800)).toBeLessThan(150)
    expect(Math.abs((found['+1 secondary'] ?? 0) - 800)).toBeLessThan(150)
    expect(Math.abs((found['+1 backup'] ?? 0) - 600)).toBeLessThan(150)
  })
})

describe('what is set for a customer', () => {
  const costs: Rules = {
    primary: 'cost = "0.09"\npriority = 2',
    secondary: 'cost = "0.08"\npriority = 3\n[providers.costs]\n"+49" = "0.02"',
    backup: 'cost = "0.05"',
  }

  test('least cost: the cheapest for the number, the next one while it is down, and it again', async () => {
    await at.reload(costs)
    const customer = await at.customerWith({ strategy: 'least_cost' })
    const before = await at.submit(numbered('+49151', 200), customer)
    const american = await at.submit(numbered('+1202', 200), customer)
    expect(await at.sentTo(before)).toEqual(['secondary'])
    expect(await at.sentTo(american)).toEqual(['backup'])
    await behave(at.gateway.operatorUrl, 'secondary', { outage: true })
    const during = await at.submit(numbered('+49151', 300), customer)
    expect(await at.sentTo(during)).toEqual(['backup'])
    await at.sentOnce([...before, ...american, ...during])
    await behave(at.gateway.operatorUrl, 'secondary', { outage: false })
    await eventually(
      async () => {
        await at.sentTo(await at.submit(numbered('+49151', 50), customer))
        const states = at.processors.map(({ url }) =>
          metric(url, 'sms_provider_circuit_state', { provider: 'secondary', state: 'closed' }),
        )
        return (await Promise.all(states)).every((closed) => closed === 1)
      },
      { what: 'it is well again in every process', timeoutMs: 60_000 },
    )
    expect(await at.sentTo(await at.submit(numbered('+49151', 50), customer))).toEqual([
      'secondary',
    ])
  })

  test('priority: the lowest number, the next one while it is drained, and nobody else', async () => {
    await at.reload(costs)
    const customer = await at.customerWith({
      strategy: 'priority',
      providers: ['secondary', 'primary'],
    })
    expect(await at.sentTo(await at.submit(numbered('+49151', 50), customer))).toEqual(['primary'])
    // Of the others nothing is set: theirs are shared.
    expect(await at.sentTo(await at.submit(numbered('+49151', 60), at.nobody))).toEqual([
      'backup',
      'primary',
      'secondary',
    ])
    await at.order('drain', 'primary', 'draining')
    expect(await at.sentTo(await at.submit(numbered('+49151', 50), customer))).toEqual([
      'secondary',
    ])
    await at.order('disable', 'secondary', 'disabled')
    expect(await at.preview('+491511000000', customer)).toMatchObject({
      provider: null,
      reasons: ['every provider that may have it is out of service: it waits'],
    })
    await at.order('enable', 'secondary', 'enabled')
    await at.order('enable', 'primary', 'enabled')
  })

  test('sticky: 1,000 messages to 50 recipients over two processes, each always at one provider', async () => {
    await at.reload(everybody)
    const customer = await at.customerWith({ sticky: 'recipient' })
    const phones = numbered('+49151', 50)
    const expected = new Map<string, string | null>()
    for (const phone of phones) expected.set(phone, (await at.preview(phone, customer)).provider)
    expect(new Set(expected.values()).size).toBe(3)
    const ids = await at.submit(phones, customer, 20)
    await at.allFinal()
    const rows = await at.gateway.database.sql<{ recipient: string; providers: string[] }[]>`
      SELECT recipient, to_json(array_agg(DISTINCT provider)) AS providers FROM messages
      WHERE id IN ${at.gateway.database.sql(ids)} GROUP BY recipient`
    expect(rows).toHaveLength(50)
    for (const { recipient, providers } of rows) {
      expect(providers).toEqual([expected.get(recipient) ?? ''])
    }
    await at.sentOnce(ids)
  })

  test('senders of a pool: the same recipient sees the same one, as the dry run says', async () => {
    await at.reload(everybody)
    const customer = await at.customerWith({ sender_pool: ['Acme', 'Acme 2', 'Acme 3'] })
    await at.submit(numbered('+49151', 20), customer, 2)
    await at.allFinal()
    const rows = await at.gateway.database.sql<{ recipient: string; sender_id: string }[]>`
      SELECT DISTINCT recipient, sender_id FROM messages`
    expect(rows).toHaveLength(20)
    expect(new Set(rows.map(({ sender_id }) => sender_id)).size).toBe(3)
    for (const { recipient, sender_id } of rows) {
      expect((await at.preview(recipient, customer)).sender_id).toBe(sender_id)
    }
  })
})

describe('a dry run', () => {
  test('says what happens, by the API and on the command line', async () => {
    const rules: Rules = {
      primary: 'prefixes = ["+49"]\ncost = 3',
      secondary: 'prefixes = ["+49", "+43"]\ncost = 2\npriority = 3',
      backup: 'prefixes = ["+49", "+1"]\ncost = 1\npriority = 2',
    }
    await at.reload(rules)
    const customers = [
      await at.customerWith({ strategy: 'least_cost' }),
      await at.customerWith({ strategy: 'priority' }),
      await at.customerWith({ sticky: 'recipient', providers: ['primary', 'secondary'] }),
    ]
    const phones = ['+49151', '+4366', '+1202'].flatMap((prefix) => numbered(prefix, 5))
    const expected = new Map<string, string>()
    for (const customer of customers) {
      for (const phone of phones) {
        const { provider, reasons } = await at.preview(phone, customer)
        if (provider === null) {
          expect([customers.indexOf(customer), phone.slice(0, 2), reasons]).toEqual([
            2,
            '+1',
            ['no provider may have it: it is refused'],
          ])
          continue
        }
        const [id = ''] = await at.submit([phone], customer)
        expected.set(id, provider)
      }
    }
    expect(expected.size).toBe(40)
    await at.allFinal()
    expect(await at.providersOf([...expected.keys()])).toEqual(expected)

    const first = String(customers[0])
    const shown = await runCommand(['routes', '+436641234567', '--customer', first], at.environment)
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain('none of its prefixes fits the number')
    expect(shown.stdout).toContain('secondary gets it')
    const json = await runCommand(
      ['routes', '+436641234567', '--customer', first, '--json'],
      at.environment,
    )
    expect(JSON.parse(json.stdout)).toEqual(await at.preview('+436641234567', Number(first)))
    expect((await runCommand(['routes', '0664'], at.environment)).exitCode).toBe(2)
    expect(
      (await runCommand(['routes', '+436641234567', '--customer', 'x'], at.environment)).exitCode,
    ).toBe(2)
  })
})
