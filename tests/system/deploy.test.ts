/** What is in deploy/, by the tools that it is for, and with the settings that the executable knows. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryPath, type Environment, runCommand } from '../support/gateway.ts'
import { debianProgram, manifestChecker } from '../support/packages.ts'

const root = join(import.meta.dir, '..', '..')
const deploy = join(root, 'deploy')
/** The exposure that `systemd-analyze security` tells, in tenths; a unit without any of this has 96. */
const exposureMax = 20

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'deploy-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function run(command: readonly string[], cwd = directory) {
  const result = Bun.spawnSync([...command], { cwd, stdin: 'ignore' })
  return { exitCode: result.exitCode, text: `${result.stdout}${result.stderr}` }
}

const textOf = (...path: string[]): Promise<string> => Bun.file(join(deploy, ...path)).text()

/** The settings are known, and good together. */
async function expectGood(role: string, environment: Environment): Promise<void> {
  const { exitCode, stdout, stderr } = await runCommand(
    ['config', 'check', '--for', role],
    environment,
  )
  expect([role, exitCode, exitCode === 0 ? '' : stdout + stderr]).toEqual([role, 0, ''])
}

const filledIn = (text: string): string => text.replaceAll(/=$/gm, '=http://example.com/x')

describe('compose', () => {
  interface Service {
    readonly image?: string
    readonly environment?: Environment
    readonly volumes?: readonly string[]
  }

  function config(env: string) {
    const file = join(deploy, 'compose.yaml')
    return run([debianProgram('docker-compose'), '--env-file', env, '-f', file, 'config'])
  }

  test('is valid, mounts what there is, and the roles know all that they are told', async () => {
    const env = join(directory, 'compose.env')
    const example = (await textOf('.env.example')).replaceAll(/=$/gm, '=filled-in')
    await Bun.write(env, example)
    const { exitCode, text } = config(env)
    expect([exitCode, exitCode === 0 ? '' : text]).toEqual([0, ''])
    const { services } = Bun.YAML.parse(text) as { services: Record<string, Service> }
    expect(Object.keys(services).sort()).toEqual(
      'api grafana migrate operator postgres processor prometheus redis replica'.split(' '),
    )
    for (const [name, { image = '', environment = {}, volumes = [] }] of Object.entries(services)) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':')
        if (source.startsWith('/')) expect([name, source, existsSync(source)]).toContain(true)
      }
      if (!image.startsWith('sms-gateway')) expect(image).toMatch(/:v?\d+\.\d+/)
      else if (name !== 'migrate') await expectGood(name, environment)
    }
  }, 60_000)

  test('does not start without passwords', async () => {
    const env = join(directory, 'empty.env')
    await Bun.write(env, '')
    expect(config(env)).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('set it in deploy/.env'),
    })
  }, 30_000)

  test.each(['primary.sh', 'replica.sh'])('%s is a script that a shell reads', (name) => {
    expect(run(['sh', '-n', join(deploy, 'postgres', name)])).toEqual({ exitCode: 0, text: '' })
  })
})

describe('systemd', () => {
  const units = ['sms-gateway@api.service', 'sms-gateway-migrate.service']

  test('takes the units as they are, and finds them closed enough', async () => {
    cpSync(join(deploy, 'systemd'), directory, { recursive: true })
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.service'))) {
      const text = await Bun.file(join(directory, name)).text()
      await Bun.write(
        join(directory, name),
        text.replace('/usr/local/bin/sms-gateway', binaryPath()),
      )
    }
    cpSync(join(directory, 'sms-gateway@.service'), join(directory, 'sms-gateway@api.service'))
    const paths = units.map((unit) => `./${unit}`)
    expect(run([debianProgram('systemd-analyze'), 'verify', ...paths])).toEqual({
      exitCode: 0,
      text: '',
    })
    const secure = run([
      debianProgram('systemd-analyze'),
      'security',
      '--offline=true',
      `--threshold=${exposureMax}`,
      ...paths,
    ])
    expect([secure.exitCode, secure.exitCode === 0 ? '' : secure.text]).toEqual([0, ''])
  })

  test('its environment has settings that there are', async () => {
    const text = filledIn(await textOf('systemd', 'sms-gateway.env.example'))
    const entries = text.split('\n').filter((line) => /^\w+=/.test(line))
    expect(entries.length).toBeGreaterThan(5)
    const environment = Object.fromEntries(
      entries.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    for (const role of ['api', 'processor']) await expectGood(role, environment)
  })
})

describe('Kubernetes', () => {
  const manifests = readdirSync(join(deploy, 'kubernetes')).filter(
    (name) => name !== 'kustomization.yaml',
  )

  test('the manifests fit its schemas, to the last field', () => {
    const paths = manifests.map((name) => join(deploy, 'kubernetes', name))
    const checked = run([manifestChecker(), '--strict', ...paths])
    expect([checked.exitCode, checked.exitCode === 0 ? '' : checked.text]).toEqual([0, ''])
    expect(checked.text.match(/ passed for resource /g)?.length).toBeGreaterThan(10)
    const broken = join(directory, 'broken.yaml')
    cpSync(join(deploy, 'kubernetes', 'config.yaml'), broken)
    return Bun.write(
      broken,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndaata: {}\n',
    ).then(() => expect(run([manifestChecker(), '--strict', broken]).exitCode).not.toBe(0))
  }, 90_000)

  test('kustomization.yaml names each of them but the example, and the settings are ones there are', async () => {
    const { resources } = Bun.YAML.parse(await textOf('kubernetes', 'kustomization.yaml')) as {
      resources: string[]
    }
    expect([...resources].sort()).toEqual(
      manifests.filter((name) => name !== 'secret.example.yaml').sort(),
    )
    const { data } = Bun.YAML.parse(await textOf('kubernetes', 'config.yaml')) as {
      data: Environment
    }
    const { stringData } = Bun.YAML.parse(await textOf('kubernetes', 'secret.example.yaml')) as {
      stringData: Environment
    }
    const secrets = Object.keys(stringData).map((name) => [name, 'http://example.com/x'])
    const environment = { ...data, ...Object.fromEntries(secrets) }
    for (const role of ['api', 'processor']) await expectGood(role, environment)
  })
})
