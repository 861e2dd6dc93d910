import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Config, type Environment, loadConfig, type Role } from './config.ts'
import { allSettings } from './keys.ts'

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
      logLevel: 'warn',
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

  test('faults between settings are listed with the others; a rule about a faulty one is left out', () => {
    const found = faults({
      APP_ADDR: 'nowhere',
      QUEUE_NAME: 'sms-queue-express',
      CLAIM_LEASE_MS: 'x',
      QUEUE_RECLAIM_IDLE_MS: '100',
    })
    expect(found.map((fault) => fault.split(' ')[0])).toEqual([
      'APP_ADDR',
      'CLAIM_LEASE_MS',
      'QUEUE_EXPRESS_NAME',
    ])
  })

  test('credentials in a setting that is no secret are not shown either', () => {
    const found = faults({
      POSTGRES_WRITE_HOST: 'postgres://user:hush@host/db',
      REDIS_HOST: 'redis://:hush@host:6379',
      PUBLIC_URL: 'http://user:hush@host',
      PROVIDER_PRIMARY_URL: 'ftp://user:hush@host/',
      PROVIDER_PRIMARY_SECRET: 'hush hush',
    })
    expect(found.length).toBe(5)
    expect(found.join()).not.toContain('hush')
  })

  test('a secret is taken as it is, other text without the spaces around it', () => {
    const config = load({ POSTGRES_PASSWORD: ' a ', POSTGRES_USER: ' b ' })
    expect(config.postgres).toMatchObject({ password: ' a ', user: 'b' })
  })

  test('a provider of the file comes after the short form and may not have its name', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'providers-')), 'providers.toml')
    writeFileSync(path, '[[providers]]\nname = "eu-1"\nurl = "http://eu.example"')
    expect(load({ PROVIDERS_FILE: path }).providers.map(({ name }) => name)).toEqual([
      'primary',
      'eu-1',
    ])
    writeFileSync(path, '[[providers]]\nname = "primary"\nurl = "http://eu.example"')
    expect(faults({ PROVIDERS_FILE: path })).toEqual([
      expect.stringMatching(/^PROVIDERS_FILE providers\[0\]\.name .* taken already$/),
    ])
    rmSync(dirname(path), { recursive: true })
  })

  test('every default is a value that its setting takes, and every name is used once', () => {
    for (const { parser, default: fallback, standaloneDefault } of allSettings) {
      for (const value of [fallback, standaloneDefault]) {
        if (value !== null) expect(parser.schema.safeParse(value).success).toBe(true)
      }
    }
    expect(new Set(allSettings.map(({ name }) => name)).size).toBe(allSettings.length)
  })
})
