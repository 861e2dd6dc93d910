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
    ...changes,
  }
}
