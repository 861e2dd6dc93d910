import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProviderSettings } from '../providers/provider.ts'
import { loadProvidersFile, providersMax } from './providers-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'providers-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function load(content: string): readonly ProviderSettings[] {
  const result = loadProvidersFile(write('providers.toml', content))
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.providers
}

function faults(content: string): string[] {
  const result = loadProvidersFile(write('providers.toml', content))
  return result.ok ? [] : result.faults.map(({ name, detail }) => `${name} ${detail}`)
}

const everywhere = {
  prefixes: null,
  prefixesDenied: null,
  cost: null,
  costs: null,
  priority: 1,
}

const table = (rest = '', name = 'eu'): string =>
  `[[providers]]\nname = "${name}"\nurl = "https://eu.example/sms"\n${rest}\n`

describe('providers file', () => {
  test('a table takes all of a provider, and has defaults for most', () => {
    const full = `weight = 40\nsecret = "s"\nin_doubt = "unknown"\ntimeout_ms = 500
      concurrency_max = 7\nrate_per_second_max = 100`
    expect(load(table() + table(full, 'us'))).toEqual([
      {
        name: 'eu',
        url: 'https://eu.example/sms',
        weight: 100,
        secret: null,
        inDoubt: 'resend',
        timeoutMs: 10_000,
        concurrencyMax: 256,
        ratePerSecondMax: null,
        ...everywhere,
      },
      {
        name: 'us',
        url: 'https://eu.example/sms',
        weight: 40,
        secret: 's',
        inDoubt: 'unknown',
        timeoutMs: 500,
        concurrencyMax: 7,
        ratePerSecondMax: 100,
        ...everywhere,
      },
    ])
    expect(load('')).toEqual([])
  })

  test('every fault is named with its place, and with what is allowed', () => {
    const found = faults(`
      provider = 1
      [[providers]]
      name = "A b"
      url = "nowhere"
      wieght = 3
      timeout_ms = 1.5
      concurrency_max = "7"
      in_doubt = true
      [[providers]]
      name = "eu"
      [[providers]]
      name = "eu"
      url = "http://x"
    `)
    expect(found).toEqual([
      'PROVIDERS_FILE provider is not a field; did you mean providers?',
      `PROVIDERS_FILE providers[2].name must differ from every other provider's, and "eu" is taken already`,
      'PROVIDERS_FILE providers[0].wieght is not a field; did you mean weight?',
      'PROVIDERS_FILE providers[0].concurrency_max must be a whole number from 1 to 10000, not "7"',
      'PROVIDERS_FILE providers[0].in_doubt must be one of resend, unknown, not true',
      'PROVIDERS_FILE providers[0].name must be 1 to 32 of a-z, 0-9, _ and -, not "A b"',
      'PROVIDERS_FILE providers[0].url must be an http:// or https:// URL without user name, password or fragment, not "nowhere"',
      'PROVIDERS_FILE providers[0].timeout_ms must be a whole number from 10 to 600000, not "1.5"',
      'PROVIDERS_FILE providers[1].url must be set',
    ])
  })

  test('what is not a list of tables', () => {
    expect(faults('providers = 1')).toEqual([
      'PROVIDERS_FILE providers must be tables, each headed [[providers]]',
    ])
    expect(faults('providers = [1]')).toEqual(['PROVIDERS_FILE providers[0] must be a table'])
  })

  test('has at most as many providers as are allowed', () => {
    const tables = (count: number): string =>
      Array.from({ length: count }, (_, index) => table('', `p${index}`)).join('')
    expect(load(tables(providersMax)).length).toBe(providersMax)
    expect(faults(tables(providersMax + 1))).toEqual([
      `PROVIDERS_FILE providers must be at most ${providersMax}, not ${providersMax + 1}`,
    ])
  })

  test('a file that is not there, is none, is too large or is not TOML', () => {
    const reason = (path: string): string => {
      const result = loadProvidersFile(path)
      return result.ok ? '' : result.faults.map(({ detail }) => detail).join()
    }
    expect(reason(join(folder, 'nowhere.toml'))).toContain('cannot be read: ENOENT')
    expect(reason(folder)).toBe('cannot be read: not a file')
    expect(reason(write('large.toml', '#'.repeat(1_048_577)))).toContain('larger than')
    expect(reason(write('broken.toml', '= broken'))).toContain('cannot be parsed')
  })

  test('the secret may be in a file of its own, beside this one', () => {
    write('eu.secret', 'hush\n')
    expect(load(table('secret_file = "eu.secret"'))[0]?.secret).toBe('hush')
    expect(load(table(`secret_file = "${join(folder, 'eu.secret')}"`))[0]?.secret).toBe('hush')
    expect(faults(table('secret_file = "none"'))).toEqual([
      expect.stringMatching(/^PROVIDERS_FILE providers\[0\]\.secret_file cannot be read: ENOENT/),
    ])
    expect(faults(table('secret = "a"\nsecret_file = "eu.secret"'))).toEqual([
      'PROVIDERS_FILE providers[0].secret_file must not be set beside secret',
    ])
  })

  test('no fault shows a secret', () => {
    write('two-lines.secret', 'hush\nhush')
    const faulty = [
      'secret = "hush hush"',
      'secret = hush',
      'secret = hu\'sh"hush',
      'secret = ["hush"]',
      'secrt = "hush"',
      'secret_file = "two-lines.secret"',
    ]
    for (const rest of faulty) {
      const found = faults(table(rest))
      expect(found.length).toBe(1)
      expect(found[0]).not.toContain('hush')
    }
  })
})
