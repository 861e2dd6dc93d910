/** The documentation of the settings is what the tables of settings say. */
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  configurationPage,
  environmentExample,
  providersFileExample,
  stalePages,
} from '../../scripts/configuration-docs.ts'
import { loadConfig } from '../../src/config/config.ts'
import { allSettings } from '../../src/config/keys.ts'
import { loadProvidersFile } from '../../src/config/providers-file.ts'

const root = join(import.meta.dir, '../..')
const folder = mkdtempSync(join(tmpdir(), 'configuration-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('docs/configuration.md and .env.example are up to date', () => {
  expect(stalePages(root)).toEqual([])
  const script = join(root, 'scripts/configuration-docs.ts')
  const check = Bun.spawnSync([process.execPath, script, '--check'])
  expect({ exitCode: check.exitCode, stderr: check.stderr.toString() }).toEqual({
    exitCode: 0,
    stderr: '',
  })
})

test('a page that is missing or was changed by hand is found', () => {
  expect(stalePages(folder)).toEqual(['docs/configuration.md', '.env.example'])
  mkdirSync(join(folder, 'docs'))
  writeFileSync(join(folder, 'docs/configuration.md'), configurationPage())
  writeFileSync(join(folder, '.env.example'), `${environmentExample()}\n`)
  expect(stalePages(folder)).toEqual(['.env.example'])
})

test('the example of the environment has every setting, and is a valid configuration as it is', () => {
  const entries = environmentExample()
    .split('\n')
    .flatMap((line) => /^#([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? [])
  const environment: Record<string, string> = {}
  for (let index = 0; index < entries.length; index += 2) {
    environment[entries[index] ?? ''] = entries[index + 1] ?? ''
  }
  expect(Object.keys(environment)).toEqual(allSettings.map(({ name }) => name))
  expect(loadConfig(environment, 'api')).toEqual(loadConfig({}, 'api'))
})

test('the example of a file of providers is one', () => {
  const path = join(folder, 'providers.toml')
  writeFileSync(path, providersFileExample)
  writeFileSync(join(folder, 'eu-1.secret'), 'hush\n')
  const result = loadProvidersFile(path)
  expect(result.ok && result.providers.map(({ name }) => name)).toEqual(['eu-1', 'us-1'])
})
