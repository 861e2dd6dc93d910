import { expect, test } from 'bun:test'
import { customerSettingsChangeSchema, customerSettingsSchema } from './customer-settings-schema.ts'
import { bodyFaults } from './faults.ts'
import { senderPoolMax } from './routing-settings-schema.ts'

function places(routing: unknown): string[] {
  const parsed = customerSettingsChangeSchema.safeParse({ routing })
  if (parsed.success) return []
  return bodyFaults(parsed.error)
    .map((fault) => ('pointer' in fault ? fault.pointer : ''))
    .sort()
}

const full = {
  strategy: 'priority',
  sticky: 'recipient',
  providers: ['primary', 'eu-1'],
  sender_pool: ['Acme', '+491511234567', '12345'],
}

test('is taken whole, in part, and as null', () => {
  for (const routing of [full, {}, { strategy: 'least_cost' }, { providers: ['a'] }, null]) {
    expect(places(routing)).toEqual([])
  }
  expect(customerSettingsSchema.parse({ routing: full })).toEqual({ routing: full } as never)
})

test('every fault is named', () => {
  expect(
    places({ strategy: 'cheap', sticky: true, providers: ['A b', 1], sender_pool: [], way: 1 }),
  ).toEqual([
    '/routing/providers/0',
    '/routing/providers/1',
    '/routing/sender_pool',
    '/routing/sticky',
    '/routing/strategy',
    '/routing/way',
  ])
  expect(places('weighted')).toEqual(['/routing'])
  expect(places([])).toEqual(['/routing'])
  expect(places({ providers: ['a', 'a'] })).toEqual(['/routing/providers'])
  expect(places({ providers: [] })).toEqual(['/routing/providers'])
  expect(places({ sender_pool: ['!'] })).toEqual(['/routing/sender_pool/0'])
  const many = Array.from({ length: senderPoolMax + 1 }, (_, index) => `Acme ${index}`)
  expect(places({ sender_pool: many })).toEqual(['/routing/sender_pool'])
  expect(places({ sender_pool: many.slice(1) })).toEqual([])
})
