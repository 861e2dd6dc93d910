/** Providers change while messages are under way: by SIGHUP, by the command line, and by the API. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import {
  type SteadyLoad,
  type SubmitCounts,
  startLoad,
  submitCounts,
} from '../support/followed-load.ts'
import { runCommand, startRole } from '../support/gateway.ts'
import { allAre, behave, metric, post, submitMany, verify } from '../support/gateway-fixture.ts'
import { admin, type ProviderFixture, startProviderFixture } from '../support/provider-fixture.ts'

let fixture: ProviderFixture
const folder = mkdtempSync(join(tmpdir(), 'standalone-'))
beforeAll(async () => {
  fixture = await startProviderFixture()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  expect(await fixture.close()).toEqual([0, 0, 0])
})

beforeEach(async () => {
  const { sql } = fixture.gateway.database
  await sql`TRUNCATE messages, provider_references, delivery_reports, provider_controls`
  await fetch(`${fixture.gateway.operatorUrl}/control/reset`, { method: 'POST' })
})

let running: SteadyLoad | undefined
afterEach(() => running?.stop())

async function load(): Promise<SteadyLoad> {
  running = await startLoad(fixture.api.url, fixture.gateway.operatorUrl)
  return running
}

async function deliveredOnce(ids: readonly string[]): Promise<void> {
  await allAre(fixture.gateway.database, 'delivered', ids.length)
  expect(await verify(fixture.gateway.operatorUrl, ids)).toMatchObject({
    checked: ids.length,
    missing: [],
    repeated: [],
  })
}

/** That so large a part of what went out went there, give or take. */
function expectShare(
  counts: SubmitCounts,
  provider: string,
  share: number,
  tolerance: number,
): void {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  expect(Math.abs((counts[provider] ?? 0) / all - share)).toBeLessThan(tolerance)
}

describe('SIGHUP', () => {
  test('under load: one added, one removed, one re-weighted; all is delivered once, by the new weights', async () => {
    const { api, tables, reloadApi, reloadProcessors, report, everywhere } = fixture
    await fixture.provide({ primary: 100, secondary: 300 })
    const { ids, submitsDuring, stop } = await load()
    expectShare(await submitsDuring(1_000), 'primary', 0.25, 0.05)

    reloadApi(tables({ primary: 100, secondary: 300, backup: 300 }))
    await eventually(async () => (await report('backup', 'secret-of-backup')).ok, {
      what: 'the API knows the new provider',
    })
    reloadProcessors(tables({ secondary: 100, backup: 300 }))
    await everywhere('sms_provider_mode', { provider: 'backup', mode: 'enabled' }, 1)
    // It is shown for as long as something is under way there.
    await everywhere('sms_provider_in_flight', { provider: 'primary' }, null)

    const counts = await submitsDuring(4_000)
    expect(counts.primary).toBe(0)
    expectShare(counts, 'secondary', 0.25, 0.02)
    await stop()
    await deliveredOnce(ids)
    await eventually(() => api.logs().includes('"added":["backup"],"removed":[],"changed":[]'), {
      what: 'the API tells what came',
    })
  })

  test('changes the secrets of reports at once', async () => {
    const { api, tables, reloadApi, report } = fixture
    await fixture.provide({ secondary: 100, backup: 300 })
    reloadApi(tables({ secondary: 100, backup: 300 }).replace('secret-of-backup', 'another-one'))
    await eventually(async () => (await report('backup', 'another-one')).ok, {
      what: 'it is known',
    })
    expect((await report('backup', 'secret-of-backup')).status).toBe(401)
    expect((await report('primary', 'secret-of-primary')).status).toBe(401)
    expect((await report('secondary', 'secret-of-secondary')).status).toBe(200)
    await eventually(
      () => api.logs().includes('"changed":[{"provider":"backup","fields":["secret"]}]'),
      { what: 'the API tells what changed' },
    )
    expect(api.logs()).not.toContain('another-one')
  })

  test('with a faulty file changes nothing, and lists every fault without a secret', async () => {
    const { api, processors, reloadApi, reloadProcessors } = fixture
    await fixture.provide({ secondary: 100, backup: 300 })
    const { ids, submitsDuring, stop } = await load()
    const faulty = `
[[providers]]
name = "primary"
url = "http://127.0.0.1:1/"
weight = -1
wieght = 5
[[providers]]
name = "primary"
secret = "hush hush"
`
    reloadApi(faulty)
    reloadProcessors(faulty)
    for (const { logs, processes } of [{ ...api, processes: 1 }, ...processors]) {
      const failures = (): string[] =>
        logs()
          .split('\n')
          .filter((line) => line.includes('providers.reload_failed'))
      await eventually(() => failures().length === processes, { what: 'each process tells of it' })
      for (const place of ['0].weight', '0].wieght', '1].name', '1].url', '1].secret']) {
        for (const line of failures()) expect(line).toContain(`PROVIDERS_FILE providers[${place}"`)
      }
      expect(logs()).not.toContain('hush')
    }
    const counts = await submitsDuring(1_000)
    expect(counts.primary).toBe(0)
    expectShare(counts, 'secondary', 0.25, 0.05)
    await stop()
    await deliveredOnce(ids)
  })
})

describe('standalone', () => {
  test('takes SIGHUP too, and keeps its last provider', async () => {
    const file = join(folder, 'standalone.toml')
    writeFileSync(file, fixture.tables({ primary: 100 }))
    const { environment } = fixture
    const standalone = await startRole('standalone', { ...environment, PROVIDERS_FILE: file })
    const mode = (provider: string) =>
      metric(standalone.url, 'sms_provider_mode', { provider, mode: 'enabled' })
    writeFileSync(file, '')
    standalone.signal('SIGHUP')
    await eventually(() => standalone.logs().includes('must keep at least one provider'), {
      what: 'it tells of the fault',
    })
    writeFileSync(file, fixture.tables({ backup: 100 }))
    standalone.signal('SIGHUP')
    await eventually(async () => (await mode('backup')) === 1, { what: 'it has the new provider' })
    expect(await mode('primary')).toBeNull()
    expect(await standalone.stop()).toBe(0)
  })
})

describe('orders', () => {
  const command = (...args: string[]) => runCommand(['providers', ...args], fixture.environment)
  const order = (path: string, body: unknown = {}, headers: Record<string, string> = admin) =>
    post(`${fixture.api.url}/api/v1/providers/${path}`, body, headers)
  const modes = async (): Promise<unknown[]> => {
    const { stdout } = await command('list', '--json')
    const lines = stdout.trim().split('\n')
    return lines.map((line) => (JSON.parse(line) as { mode: string }).mode)
  }
  const all = { primary: 100, secondary: 100, backup: 100 }

  test('take providers out and back in under load, in all processes; nothing is lost or sent twice', async () => {
    const { api, modeIs } = fixture
    await fixture.provide(all)
    const { ids, submitsDuring, stop } = await load()
    await submitsDuring(300)
    expect((await command('drain', 'primary', '--note', 'maintenance')).exitCode).toBe(0)
    await modeIs('primary', 'draining')
    const drained = await submitsDuring(1_000)
    expect(drained.primary).toBe(0)
    expectShare(drained, 'secondary', 0.5, 0.05)
    expect(await modes()).toEqual(['draining', 'enabled', 'enabled'])
    expect((await command('list')).stdout).toMatch(
      /^NAME .*\nprimary +draining +100 +\S+Z +maintenance\nsecondary +enabled +100 +-\n/,
    )

    // Without a body.
    const url = `${api.url}/api/v1/providers/primary/disable`
    const disabled = await fetch(url, { method: 'POST', headers: admin })
    expect(await disabled.json()).toMatchObject({ name: 'primary', mode: 'disabled', note: null })
    await modeIs('primary', 'disabled')
    expect((await order('secondary/drain', { note: 'as well' })).status).toBe(200)
    await modeIs('secondary', 'draining')
    const { primary, secondary } = await submitsDuring(500)
    expect([primary, secondary]).toEqual([0, 0])

    expect((await order('primary/enable')).status).toBe(200)
    expect((await command('enable', 'secondary')).exitCode).toBe(0)
    for (const provider of ['primary', 'secondary']) await modeIs(provider, 'enabled')
    const again = await submitsDuring(1_500)
    for (const provider of Object.keys(all)) expectShare(again, provider, 1 / 3, 0.04)
    await stop()
    await deliveredOnce(ids)
  })

  test('leave a draining provider what is in doubt there, and nothing else', async () => {
    const { api, gateway, modeIs, everywhere } = fixture
    const { database, operatorUrl } = gateway
    await fixture.provide(all)
    for (const provider of ['secondary', 'backup']) await order(`${provider}/disable`)
    for (const provider of ['secondary', 'backup']) await modeIs(provider, 'disabled')
    await behave(operatorUrl, 'primary', { hang_rate: 1, hang_takes: false })
    const [inDoubt = ''] = await submitMany(api.url, 1)
    await eventually(async () => (await submitCounts(operatorUrl)).primary === 1, {
      what: 'it went out',
    })
    await order('primary/drain')
    await everywhere('sms_provider_mode', { provider: 'primary', mode: 'draining' }, 1)
    await behave(operatorUrl, 'primary', { hang_rate: 0 })
    for (const provider of ['secondary', 'backup']) await order(`${provider}/enable`)
    const others = await submitMany(api.url, 200)
    await deliveredOnce([inDoubt, ...others])
    const rows = await database.sql<{ provider: string; count: number }[]>`
      SELECT provider, count(*)::int AS count FROM messages WHERE id = ${inDoubt} OR provider = 'primary'
      GROUP BY provider`
    expect([...rows]).toEqual([{ provider: 'primary', count: 1 }])
  })

  test('that are wrong change nothing, and say what is wrong', async () => {
    await fixture.provide(all)
    const unknown = await command('drain', 'nobody')
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' })
    expect(unknown.stderr).toContain('no provider nobody; there are: primary, secondary, backup')
    expect((await command('drain', 'primary', '--note', 'x'.repeat(201))).exitCode).toBe(2)
    expect((await command('drain')).exitCode).toBe(2)
    const answers = [
      await order('nobody/drain'),
      await order('primary/drain', {}, {}),
      await order('primary/drain', {}, { authorization: 'Bearer wrong' }),
      await order('primary/drain', { note: 5 }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 401, 401, 422])
    const { ADMIN_TOKEN: _, ...withoutToken } = fixture.environment
    const off = await startRole('api', withoutToken)
    const refused = await fetch(`${off.url}/api/v1/providers`, { headers: admin })
    expect(await refused.json()).toMatchObject({
      status: 403,
      type: 'urn:sms-gateway:problem:admin-off',
    })
    expect(await off.stop()).toBe(0)
    expect(await modes()).toEqual(['enabled', 'enabled', 'enabled'])
  })
})
