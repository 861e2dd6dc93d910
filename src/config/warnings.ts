/** What is allowed and is seldom meant. */
import type { Config } from './config-shape.ts'
import { providersFile, providers as shortForms } from './keys/provider-keys.ts'

/** A sentence for each; none shows a secret. */
export function configWarnings({ providers }: Pick<Config, 'providers'>): string[] {
  return providers
    .filter(({ secret }) => secret === null)
    .map(
      ({ name }) =>
        `${secretSetting(name)} is unset: delivery reports of the provider ${name} are refused, and its messages stay "sent" until they become "unknown"`,
    )
}

function secretSetting(provider: string): string {
  const shortForm = Object.entries(shortForms).find(([name]) => name === provider)
  return shortForm?.[1].secret.name ?? `the secret in ${providersFile.name}`
}
