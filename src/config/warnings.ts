/** What is allowed and is seldom meant. */
import type { Config } from './config-shape.ts'
import { providersFile, providers as shortForms } from './keys/provider-keys.ts'

/** A sentence for each; none shows a secret. */
export function configWarnings({ providers }: Pick<Config, 'providers'>): string[] {
  return providers
    .filter(({ secret }) => secret === null)
    .map(
      ({ name }) =>
        `the provider ${name} has no secret (${secretSetting(name)}): its delivery reports are refused, and its messages stay "sent" until they become "unknown"`,
    )
}

/** A provider of the file may have a name of the short form. */
function secretSetting(provider: string): string {
  const inFile = `secret in ${providersFile.name}`
  const shortForm = Object.entries(shortForms).find(([name]) => name === provider)
  return shortForm === undefined ? inFile : `${shortForm[1].secret.name}, or ${inFile}`
}
