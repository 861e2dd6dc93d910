import { afterEach, expect, test } from 'bun:test'
import { pino } from 'pino'
import { unknownCustomer } from '../domain/customer-settings.ts'
import type { RoutingSettings } from '../domain/routing.ts'
import { systemClock } from '../runtime/clock.ts'
import { type CustomerRouting, createCustomerRouting } from './customer-routing.ts'

const started: CustomerRouting[] = []
afterEach(async () => {
  for (const routing of started.splice(0)) {
    await routing.stop()
    await routing.close()
  }
})

function setup(settings: Readonly<Record<number, RoutingSettings>>, isUsed = true) {
  const reads: number[][] = []
  const routing = createCustomerRouting({
    store: {
      hasCustomerRouting: async () => isUsed,
      findCustomerProfiles: async (ids) => {
        reads.push([...ids])
        const found = ids.filter((id) => settings[id] !== undefined)
        return new Map(
          found.map((id) => [
            id,
            { ...unknownCustomer(id), isKnown: true, settings: { routing: settings[id] } },
          ]),
        )
      },
    },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
  })
  started.push(routing)
  return { routing, reads }
}

test('is known from the start on whether anything is set for anybody', async () => {
  const { routing, reads } = setup({})
  expect(routing.isUsed).toBe(false)
  await routing.start()
  expect(routing.isUsed).toBe(true)
  expect(reads).toEqual([])
})

test('does not start without knowing', async () => {
  const routing = createCustomerRouting({
    store: {
      hasCustomerRouting: () => Promise.reject(new Error('the server is away')),
      findCustomerProfiles: async () => new Map(),
    },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
  })
  started.push(routing)
  await expect(routing.start()).rejects.toThrow('the server is away')
})

test('customers are read together, once, and remembered', async () => {
  const { routing, reads } = setup({ 1: { strategy: 'priority' }, 2: { sender_pool: ['Acme'] } })
  const found = await Promise.all([routing.find(1), routing.find(2), routing.find(3)])
  // Senders alone choose no provider.
  expect(found).toEqual([{ strategy: 'priority' }, null, null])
  expect([routing.find(1), routing.find(2), routing.find(3)]).toEqual(found)
  expect(reads).toEqual([[1, 2, 3]])
})
