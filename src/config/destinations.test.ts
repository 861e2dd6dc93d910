/** Rules of destinations, in the file of providers and in variables. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from './config.ts'
import { providerDifferences } from './provider-differences.ts'
import { loadProvidersFile } from './providers-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'destinations-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'providers.toml')

function read(content: string) {
  writeFileSync(path, content)
  return loadProvidersFile(path)
}
function load(content: string) {
  const result = read(content)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.providers
}
function faults(content: string): string[] {
  const result = read(content)
  return result.ok ? [] : result.faults.map(({ name, detail }) => `${name} ${detail}`)
}

const table = (rest: string): string =>
  `[[providers]]\nname = "eu"\nurl = "https://eu.example/sms"\n${rest}\n`

const networks = `[[networks]]
mcc_mnc = "26201"
prefixes = ["+49151", "+49160"]

[[networks]]
mcc_mnc = "26203"
prefixes = ["+491515"]
`

describe('in the file of providers', () => {
  test('prefixes, costs and a priority', () => {
    const [eu] = load(
      table(`prefixes = ["+49", "+43"]
prefixes_denied = ["+49151"]
cost = "0.045"
priority = 2
[providers.costs]
"+49" = "0.05"
"+4915" = 0.07`),
    )
    expect(eu).toMatchObject({
      prefixes: ['+49', '+43'],
      prefixesDenied: ['+49151'],
      cost: 45_000,
      priority: 2,
      costs: [
        { prefix: '+49', value: 50_000 },
        { prefix: '+4915', value: 70_000 },
      ],
    })
    expect(load(table('cost = 0.045'))[0]?.cost).toBe(45_000)
    expect(load(table('cost = 1'))[0]?.cost).toBe(1_000_000)
  })

  test('networks become prefixes, without those of other networks inside them', () => {
    expect(load(table('networks = ["26201"]') + networks)[0]).toMatchObject({
      prefixes: ['+49151', '+49160'],
      prefixesDenied: ['+491515'],
    })
    expect(load(table('networks = ["26203"]') + networks)[0]).toMatchObject({
      prefixes: ['+491515'],
      prefixesDenied: null,
    })
    expect(load(table('networks = ["26201", "26203"]') + networks)[0]).toMatchObject({
      prefixes: ['+49151', '+49160', '+491515'],
      prefixesDenied: null,
    })
    // Its own words count.
    expect(
      load(
        table('networks = ["26201"]\nprefixes = ["+43", "+491515"]\nprefixes_denied = ["+49160"]') +
          networks,
      )[0],
    ).toMatchObject({
      prefixes: ['+43', '+491515', '+49151'],
      prefixesDenied: ['+49160'],
    })
    expect(load(table('') + networks)[0]?.prefixes).toBeNull()
  })

  test('the example of the documentation is one', async () => {
    const page = await Bun.file(join(import.meta.dir, '../../docs/routing.md')).text()
    const example = /```toml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
    expect(load(example)[0]).toMatchObject({
      prefixes: ['+49', '+43', '+49151', '+49170'],
      prefixesDenied: ['+49160'],
      cost: 60_000,
    })
  })

  test('every fault is named, with the items that are at fault', () => {
    const found = faults(
      table(`prefixes = ["+49", "49", "+0", "+49"]
prefixes_denied = []
networks = ["26201", "2620"]
cost = "0,05"
priority = 0
[providers.costs]
"+49" = "0.05"
"+43" = "dear"
"43" = 1
`),
    )
    const at = (field: string) => found.filter((fault) => fault.includes(`providers[0].${field} `))
    expect(at('prefixes')).toEqual([expect.stringContaining('not "49, +0, +49"')])
    expect(at('prefixes_denied')).toEqual([expect.stringContaining('not an array')])
    expect(at('networks')).toEqual([expect.stringContaining('not "2620"')])
    expect(at('cost')).toEqual([expect.stringContaining('not "0,05"')])
    expect(at('costs')).toEqual([expect.stringContaining('not "43=1, +43=dear"')])
    expect(at('priority')).toEqual([expect.stringContaining('from 1 to 1000')])
    expect(found).toHaveLength(6)
  })

  test('what has another kind is at fault', () => {
    for (const rest of [
      'prefixes = "+49"',
      'prefixes = [49]',
      'prefixes = ["+49,+43"]',
      'cost = true',
      'cost = [1]',
      'costs = "0.05"',
      'costs = ["+49"]',
      'networks = "26201"',
      'priority = "1"',
    ]) {
      expect(faults(table(rest))).toHaveLength(1)
    }
  })

  test('a prefix that is both taken and not, and a network that is none', () => {
    expect(faults(table('prefixes = ["+49", "+43"]\nprefixes_denied = ["+43"]'))).toEqual([
      'PROVIDERS_FILE providers[0].prefixes_denied must not have what prefixes has: +43',
    ])
    expect(faults(table('networks = ["26201", "26299"]') + networks)).toEqual([
      'PROVIDERS_FILE providers[0].networks must be networks that have a [[networks]] table, not 26299',
    ])
  })

  test('faults of networks', () => {
    expect(faults('networks = 1')).toEqual([
      'PROVIDERS_FILE networks must be at most 5000 tables, each headed [[networks]]',
    ])
    expect(faults('networks = [1]')).toEqual(['PROVIDERS_FILE networks[0] must be a table'])
    const found = faults(`${networks}
[[networks]]
mcc_mnc = 26204
prefix = "+49"
[[networks]]
mcc_mnc = "26203"
prefixes = ["+49151", "x"]
[[networks]]
mcc_mnc = "26205"
prefixes = ["+49151"]
`)
    expect(found.map((fault) => fault.split(' ')[1])).toEqual([
      'networks[2].mcc_mnc',
      'networks[2].prefix',
      'networks[2].prefixes',
      'networks[3].prefixes',
      'networks[3].mcc_mnc',
      'networks[4].prefixes',
    ])
  })
})

describe('in variables', () => {
  const environment = {
    PROVIDER_PRIMARY_URL: 'http://primary.example',
    REDIS_HOST: 'r',
    POSTGRES_WRITE_HOST: 'p',
    POSTGRES_USER: 'u',
    POSTGRES_DB: 'd',
  }
  const withRules = (rules: Record<string, string>) =>
    loadConfig({ ...environment, ...rules }, 'processor')

  test('the same, with commas', () => {
    const result = withRules({
      PROVIDER_PRIMARY_PREFIXES: '+49, +43',
      PROVIDER_PRIMARY_PREFIXES_DENIED: '+49151',
      PROVIDER_PRIMARY_COST: '0.045',
      PROVIDER_PRIMARY_COSTS: '+49=0.05,+43=0.06',
      PROVIDER_PRIMARY_PRIORITY: '3',
    })
    expect(result.ok && result.config.providers[0]).toMatchObject({
      prefixes: ['+49', '+43'],
      prefixesDenied: ['+49151'],
      cost: 45_000,
      costs: [
        { prefix: '+49', value: 50_000 },
        { prefix: '+43', value: 60_000 },
      ],
      priority: 3,
    })
  })

  test('every fault is named', () => {
    const result = withRules({
      PROVIDER_PRIMARY_PREFIXES: '+49,,43',
      PROVIDER_PRIMARY_COST: 'cheap',
      PROVIDER_PRIMARY_COSTS: '+49',
      PROVIDER_SECONDARY_PREFIXES: '+1',
      PROVIDER_SECONDARY_PREFIXES_DENIED: '+1',
    })
    expect(result.ok ? [] : result.faults.map(({ name }) => name)).toEqual([
      'PROVIDER_PRIMARY_PREFIXES',
      'PROVIDER_PRIMARY_COST',
      'PROVIDER_PRIMARY_COSTS',
      'PROVIDER_SECONDARY_PREFIXES_DENIED',
    ])
  })
})

test('a reload tells which rules changed, and says nothing of equal ones', () => {
  const rules = 'prefixes = ["+49"]\ncost = 1\n[providers.costs]\n"+43" = 2'
  const [before, same, other] = [
    load(table(rules)),
    load(table(rules)),
    load(table('prefixes = ["+43"]\npriority = 2\n[providers.costs]\n"+43" = 3')),
  ]
  expect(providerDifferences(before, same).changed).toEqual([])
  expect(providerDifferences(before, other).changed).toEqual([
    { provider: 'eu', fields: ['prefixes', 'cost', 'costs', 'priority'] },
  ])
})
