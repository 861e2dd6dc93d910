import { expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './fault.ts'
import { allSettings } from './keys.ts'
import { type PrintedSetting, printFileProviders, printSettings } from './print.ts'
import type { Role } from './role.ts'

function printed(
  environment: Environment,
  name: string,
  role: Role = 'processor',
): PrintedSetting | undefined {
  return printSettings(environment, role).find((setting) => setting.name === name)
}

test('shows where a value is from, and of a secret only that it is set', () => {
  const environment = { REDIS_PASSWORD: 'hush', LOG_LEVEL: 'debug', APP_ADDR: '' }
  expect(printed(environment, 'REDIS_PASSWORD')).toEqual({
    name: 'REDIS_PASSWORD',
    value: '***',
    source: 'environment',
    description: 'Password.',
  })
  expect(printed(environment, 'LOG_LEVEL')).toMatchObject({ value: 'debug', source: 'environment' })
  expect(printed(environment, 'APP_ADDR')).toMatchObject({ value: ':8080', source: 'default' })
  expect(printed(environment, 'POSTGRES_PASSWORD')).toMatchObject({ value: null, source: 'unset' })
})

test('shows the defaults of the role', () => {
  expect(printed({}, 'APP_ADDR', 'standalone')?.value).toBe('127.0.0.1:8080')
  expect(printed({}, 'REDIS_HOST', 'standalone')).toMatchObject({ value: null, source: 'unset' })
})

test('shows no credentials inside an address, and no secret of any setting', () => {
  const url = 'https://user:hush@host/submit?key=hush'
  expect(printed({ PROVIDER_PRIMARY_URL: url }, 'PROVIDER_PRIMARY_URL')?.value).toBe(
    'https://***@host/submit?***',
  )
  const secrets = allSettings.filter(({ secret }) => secret).map(({ name }) => [name, 'hush'])
  expect(secrets.length).toBe(7)
  expect(JSON.stringify(printSettings(Object.fromEntries(secrets), 'processor'))).not.toContain(
    'hush',
  )
})

test('shows the providers of the file with what they did not name, and no secret', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'providers-')), 'providers.toml')
  writeFileSync(
    path,
    '[[providers]]\nname = "eu-1"\nurl = "https://sms.example/send?key=hush"\nsecret = "hush"\n',
  )
  expect(printFileProviders({ PROVIDERS_FILE: path })).toEqual([
    'eu-1: url=https://sms.example/send?*** weight=100 secret=*** in_doubt=resend timeout_ms=10000 concurrency_max=256 rate_per_second_max=unset prefixes=unset prefixes_denied=unset cost=unset costs=unset priority=1',
  ])
  expect(printFileProviders({})).toEqual([])
})
