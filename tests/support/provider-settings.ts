import { compileRoutes } from '../../src/domain/routing.ts'
import type { ProviderSettings } from '../../src/providers/provider.ts'

/** A provider for unit tests, where nothing is submitted over a network. */
export function providerSettings(
  name: string,
  changes: Partial<ProviderSettings> = {},
): ProviderSettings {
  return {
    name,
    url: `http://${name}.example/`,
    weight: 1,
    secret: null,
    inDoubt: 'resend',
    timeoutMs: 1_000,
    concurrencyMax: 10,
    ratePerSecondMax: null,
    prefixes: null,
    prefixesDenied: null,
    cost: null,
    costs: null,
    priority: 1,
    ...changes,
  }
}

/** Two that take everything, but that one has no weight. */
export const noRules = compileRoutes([
  providerSettings('primary'),
  providerSettings('silent', { weight: 0 }),
])

/** Those of the fake API. */
export const fakeProviders = [
  providerSettings('primary', { weight: 100 }),
  providerSettings('silent', { weight: 0 }),
]
