/** What a reload changes, for the log: names only, so that no secret can be in it. */
import type { ProviderSettings } from '../providers/provider.ts'
import { fileTable } from './keys/provider-keys.ts'

export interface ProviderDifferences {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** The fields as the file calls them. */
  readonly changed: readonly { readonly provider: string; readonly fields: readonly string[] }[]
}

const fieldNames: Readonly<Record<Exclude<keyof ProviderSettings, 'name'>, string>> = {
  url: fileTable.url.name,
  weight: fileTable.weight.name,
  secret: fileTable.secret.name,
  inDoubt: fileTable.inDoubt.name,
  timeoutMs: fileTable.timeoutMs.name,
  concurrencyMax: fileTable.concurrencyMax.name,
  ratePerSecondMax: fileTable.ratePerSecondMax.name,
  prefixes: fileTable.prefixes.name,
  prefixesDenied: fileTable.prefixesDenied.name,
  cost: fileTable.cost.name,
  costs: fileTable.costs.name,
  priority: fileTable.priority.name,
}
const fields = Object.keys(fieldNames) as (keyof typeof fieldNames)[]

export function providerDifferences(
  before: readonly ProviderSettings[],
  after: readonly ProviderSettings[],
): ProviderDifferences {
  const earlier = new Map(before.map((provider) => [provider.name, provider]))
  const later = new Set(after.map(({ name }) => name))
  return {
    added: [...later].filter((name) => !earlier.has(name)),
    removed: [...earlier.keys()].filter((name) => !later.has(name)),
    changed: after.flatMap((provider) => {
      const was = earlier.get(provider.name) ?? provider
      const different = fields.filter((field) => !Bun.deepEquals(was[field], provider[field]))
      if (different.length === 0) return []
      return [{ provider: provider.name, fields: different.map((field) => fieldNames[field]) }]
    }),
  }
}
