import { expect, test } from 'bun:test'
import type { ProviderSettings } from '../providers/provider.ts'
import { providerDifferences } from './provider-differences.ts'

const provider = (name: string, changes: Partial<ProviderSettings> = {}): ProviderSettings => ({
  name,
  url: 'http://127.0.0.1:1/',
  weight: 1,
  secret: null,
  inDoubt: 'resend',
  timeoutMs: 1_000,
  concurrencyMax: 10,
  ratePerSecondMax: null,
  ...changes,
})

test('tells what came, what went, and which fields changed, and shows no value', () => {
  const before = [provider('a'), provider('b'), provider('c')]
  const after = [
    provider('c', { secret: 'hush', ratePerSecondMax: 5 }),
    provider('d', { secret: 'hush' }),
    provider('a'),
  ]
  const differences = providerDifferences(before, after)
  expect(differences).toEqual({
    added: ['d'],
    removed: ['b'],
    changed: [{ provider: 'c', fields: ['secret', 'rate_per_second_max'] }],
  })
  expect(JSON.stringify(differences)).not.toContain('hush')
  expect(providerDifferences(before, before.toReversed())).toEqual({
    added: [],
    removed: [],
    changed: [],
  })
})
