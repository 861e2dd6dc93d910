import { expect, test } from 'bun:test'
import { providersByDefault } from './config.ts'
import { configWarnings } from './warnings.ts'

test('a provider without a secret is warned of, in the words of where it is set', () => {
  const [provider] = providersByDefault('api')
  if (provider === undefined) throw new Error('there is no provider')
  const providers = [
    { ...provider, name: 'primary' },
    { ...provider, name: 'backup', secret: 'hush' },
    { ...provider, name: 'of-file' },
  ]
  const warnings = configWarnings({ providers })
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toStartWith(
    'the provider primary has no secret (PROVIDER_PRIMARY_SECRET, or secret in PROVIDERS_FILE)',
  )
  expect(warnings[1]).toStartWith('the provider of-file has no secret (secret in PROVIDERS_FILE)')
})
