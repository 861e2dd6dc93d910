import { expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import { providerDifferences } from './provider-differences.ts'

test('tells what came, what went, and which fields changed, and shows no value', () => {
  const before = [providerSettings('a'), providerSettings('b'), providerSettings('c')]
  const after = [
    providerSettings('c', { secret: 'hush', ratePerSecondMax: 5 }),
    providerSettings('d', { secret: 'hush' }),
    providerSettings('a'),
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
