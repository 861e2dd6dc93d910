import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type Environment, loadConfig, type Role } from './config.ts'
import { printSettings } from './print.ts'

const provider = { PROVIDER_PRIMARY_URL: 'http://primary.example/submit' }

function load(environment: Environment, role: Role = 'processor'): Config {
  const result = loadConfig({ ...provider, ...environment }, role)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.config
}

function faults(environment: Environment, role: Role = 'processor'): string[] {
  const result = loadConfig({ ...provider, ...environment }, role)
  return result.ok ? [] : result.faults.map(({ name, detail }) => `${name} ${detail}`)
}

function tomlFile(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'providers-')), 'providers.toml')
  writeFileSync(path, content)
  return path
}

describe('configuration', () => {
  test('has defaults for everything but a provider', () => {
    const config = load({})
    expect(config).toMatchObject({
      appAddress: { hostname: '0.0.0.0', port: 8080 },
      publicUrl: 'http://localhost:8080',
      postgres: {
        write: { host: 'localhost', port: 5432 },
        read: { host: 'localhost', port: 5432 },
      },
      redis: { host: 'localhost', port: 6379, password: null },
      streams: { normal: 'sms-queue', express: 'sms-queue-express' },
      providers: [{ name: 'primary', weight: 100, secret: null, inDoubt: 'resend' }],
    })
    expect(Object.isFrozen(config.providers)).toBe(true)
    expect(loadConfig({}, 'api').ok).toBe(true)
    expect(faults({ PROVIDER_PRIMARY_URL: '' })).toEqual([
      expect.stringContaining('a processor needs at least one provider'),
    ])
  })

  test('standalone needs no server and listens on loopback; real servers are used when named', () => {
    expect(load({}, 'standalone')).toMatchObject({
      appAddress: { hostname: '127.0.0.1', port: 8080 },
      postgres: { write: null, read: null },
      redis: null,
    })
    expect(
      load({ POSTGRES_WRITE_HOST: 'db', REDIS_HOST: 'cache:7000', APP_ADDR: ':80' }, 'standalone'),
    ).toMatchObject({
      appAddress: { hostname: '0.0.0.0', port: 80 },
      postgres: { write: { host: 'db', port: 5432 } },
      redis: { host: 'cache', port: 7000 },
    })
  })

  test('the read side follows the write side unless it is set', () => {
    expect(load({ POSTGRES_WRITE_HOST: 'db', POSTGRES_WRITE_PORT: '6000' }).postgres.read).toEqual({
      host: 'db',
      port: 6000,
    })
    expect(load({ POSTGRES_READ_HOST: 'replica' }).postgres.read).toEqual({
      host: 'replica',
      port: 5432,
    })
  })

  test('lists every fault at once, and never shows a secret', () => {
    const found = faults({
      APP_ADDR: 'nowhere',
      POSTGRES_WRITE_PORT: '99999',
      POSTGRES_TLS: 'maybe',
      REDIS_PASSWORD: 'se\ncret',
      REDIS_HOST: 'a:b:c',
      PROVIDER_PRIMARY_URL: 'ftp://x',
      PROVIDER_PRIMARY_WEIGHT: '-1',
      RETRY_ATTEMPTS_MAX: '1.5',
      QUEUE_NMAE: 'x',
    })
    expect(found.length).toBe(9)
    expect(found).toContain(
      'POSTGRES_WRITE_PORT must be a whole number from 1 to 65535, not "99999"',
    )
    expect(found).toContain('QUEUE_NMAE is not a setting; did you mean QUEUE_NAME?')
    expect(found.join()).not.toContain('cret"')
  })

  test.each([
    [{ QUEUE_NAME: 'q', QUEUE_EXPRESS_NAME: 'q' }, 'QUEUE_EXPRESS_NAME'],
    [
      { PROCESSOR_PERMITS_MAX: '10', PROCESSOR_PERMITS_EXPRESS_RESERVED: '10' },
      'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    ],
    [{ PROVIDER_PRIMARY_TIMEOUT_MS: '60000' }, 'CLAIM_LEASE_MS'],
    [{ QUEUE_RECLAIM_IDLE_MS: '60000' }, 'QUEUE_RECLAIM_IDLE_MS'],
    [{ SWEEP_GRACE_MS: '6999' }, 'SWEEP_GRACE_MS'],
    [{ CIRCUIT_OPEN_MS: '40000' }, 'CIRCUIT_OPEN_MS'],
    [{ PROVIDER_PRIMARY_WEIGHT: '0' }, 'PROVIDER_PRIMARY_WEIGHT'],
  ])('refuses settings that contradict each other: %p', (environment, name) => {
    expect(faults(environment).map((fault) => fault.split(' ')[0])).toEqual([name])
  })

  test('addresses', () => {
    expect(load({ APP_ADDR: '[::1]:0' }).appAddress).toEqual({ hostname: '::1', port: 0 })
    expect(load({ APP_ADDR: 'host:81' }).appAddress).toEqual({ hostname: 'host', port: 81 })
    expect(faults({ APP_ADDR: ':70000' }).length).toBe(1)
    expect(faults({ PUBLIC_URL: 'http://user:pass@host' }).length).toBe(1)
  })

  test('variables of container platforms are not taken for misspelt settings', () => {
    expect(
      faults({ REDIS_SERVICE_HOST: 'x', POSTGRES_PORT_5432_TCP: 'x', REDIS_PORT: 'tcp://x' }),
    ).toEqual([])
  })

  test('a file adds providers', () => {
    const path = tomlFile(`
      [[providers]]
      name = "eu-1"
      url = "https://eu.example/sms"
      weight = 40
      in_doubt = "unknown"
      rate_per_second_max = 100
    `)
    expect(load({ PROVIDERS_FILE: path }).providers[1]).toMatchObject({
      name: 'eu-1',
      weight: 40,
      inDoubt: 'unknown',
      ratePerSecondMax: 100,
      concurrencyMax: 256,
    })
  })

  test('every fault of the file is named with its place', () => {
    const path = tomlFile(`
      [[providers]]
      name = "A b"
      url = "nowhere"
      wieght = 3
      [[providers]]
      name = "primary"
    `)
    const found = faults({ PROVIDERS_FILE: path })
    expect(found.some((fault) => fault.startsWith('PROVIDERS_FILE providers[0].name'))).toBe(true)
    expect(found.some((fault) => fault.startsWith('PROVIDERS_FILE providers[0].url'))).toBe(true)
    expect(found.some((fault) => fault.includes('wieght'))).toBe(true)
    expect(found.some((fault) => fault.startsWith('PROVIDERS_FILE providers[1].url'))).toBe(true)
    expect(faults({ PROVIDERS_FILE: '/nowhere/providers.toml' })[0]).toContain('cannot be read')
    expect(faults({ PROVIDERS_FILE: tomlFile('= broken') })[0]).toContain('cannot be read')
    const repeated = tomlFile('[[providers]]\nname = "primary"\nurl = "http://x"')
    expect(faults({ PROVIDERS_FILE: repeated })[0]).toContain('taken already')
  })

  test('printing shows where a value is from, and of a secret only that it is set', () => {
    const printed = new Map(
      printSettings({ REDIS_PASSWORD: 'hush', LOG_LEVEL: 'debug' }).map((line) => [
        line.name,
        line,
      ]),
    )
    expect(printed.get('REDIS_PASSWORD')).toMatchObject({ value: '***', source: 'environment' })
    expect(printed.get('LOG_LEVEL')).toMatchObject({ value: 'debug', source: 'environment' })
    expect(printed.get('APP_ADDR')).toMatchObject({ value: ':8080', source: 'default' })
    expect(printed.get('POSTGRES_PASSWORD')).toMatchObject({ value: null, source: 'unset' })
  })
})
