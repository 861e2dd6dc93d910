/** The rules for Prometheus, by its own tool, and in a real Prometheus that scrapes a running gateway. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import { behave, type Gateway, startGateway, submitMany } from '../support/gateway-fixture.ts'
import { type Prometheus, promtool, startPrometheus } from '../support/prometheus.ts'

const root = join(import.meta.dir, '..', '..')
const directory = join(root, 'deploy', 'prometheus')
const textOf = (path: string) => Bun.file(path).text()

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly annotations?: { readonly runbook_url: string }
}

const rules = async (): Promise<Rule[]> => {
  const { groups } = Bun.YAML.parse(await textOf(join(directory, 'rules.yml'))) as {
    groups: { rules: Rule[] }[]
  }
  return groups.flatMap((group) => group.rules)
}

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ environment: { CIRCUIT_OPEN_MS_MAX: '2000' } })
})
afterAll(() => gateway.close())

const scrape = async () =>
  await Promise.all(
    [gateway.api.url, gateway.processor.url].map((url) => textOfUrl(`${url}/metrics`)),
  )
const textOfUrl = async (url: string) => (await fetch(url)).text()

describe('the rules', () => {
  test('are good, and do what their tests say', async () => {
    const checked = await promtool(['check', 'rules', 'rules.yml'], { cwd: directory })
    expect(checked).toMatchObject({ exitCode: 0, text: expect.stringContaining('SUCCESS') })
    const configuration = await promtool(['check', 'config', 'prometheus.yml'], { cwd: directory })
    expect(configuration).toMatchObject({ exitCode: 0 })
    const tested = await promtool(['test', 'rules', 'rules.test.yml'], { cwd: directory })
    expect(tested).toMatchObject({ exitCode: 0, text: expect.stringContaining('SUCCESS') })
  })

  test('each alert has a test, and a section of the runbook', async () => {
    const alerts = (await rules()).flatMap(({ alert, annotations }) =>
      alert === undefined ? [] : [{ alert, url: annotations?.runbook_url }],
    )
    expect(alerts.length).toBeGreaterThan(10)
    const tests = await textOf(join(directory, 'rules.test.yml'))
    const runbook = await textOf(join(root, 'docs', 'runbook.md'))
    for (const { alert, url } of alerts) {
      expect(tests).toContain(`alertname: ${alert}`)
      expect(url).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
      expect(runbook).toContain(`\n## ${alert}\n`)
    }
    expect(runbook.match(/^## Sms/gm)?.length).toBe(alerts.length)
  })

  test('speak of metrics that there are', async () => {
    const known = new Set(
      (await scrape())
        .join('\n')
        .match(/^# TYPE (\S+)/gm)
        ?.map((line) => line.slice(7)),
    )
    const used = (await rules()).flatMap(({ expr }) => expr.match(/\bsms_[a-z_]+/g) ?? [])
    const bare = [...new Set(used)].map((name) => name.replace(/_bucket$/, ''))
    expect(bare.filter((name) => !known.has(name))).toEqual([])
  })
})

test('the metrics are as promtool wants them', async () => {
  for (const input of await scrape()) {
    const { exitCode, text } = await promtool(['check', 'metrics'], { input })
    const ours = text.split('\n').filter((line) => line.startsWith('sms_'))
    expect(ours).toEqual([])
    expect(exitCode === 0 || exitCode === 3).toBe(true)
  }
})

describe('a real Prometheus', () => {
  let prometheus: Prometheus
  /** An API that may go. */
  let spare: RunningRole
  beforeAll(async () => {
    const address = { APP_ADDR: `127.0.0.1:${await freePort()}` }
    spare = await startRole('api', { ...gateway.environment, ...address })
    const urls = [gateway.api.url, gateway.processor.url, spare.url]
    const targets = urls.map((url) => new URL(url).host)
    // As they are, but for how long something has to be so before it is an alert.
    const hasty = (await textOf(join(directory, 'rules.yml'))).replaceAll(
      /^( +for:) \w+$/gm,
      '$1 1s',
    )
    prometheus = await startPrometheus(targets, hasty.replaceAll('[1m]', '[5s]'))
    await eventually(async () => (await prometheus.healthyTargets()) === 3, {
      what: 'all are scraped',
    })
  })
  afterAll(async () => {
    await prometheus.remove()
    await spare.kill()
  })

  const isFiring = async (name: string) =>
    (await prometheus.alerts()).some(
      ({ state, labels }) => state === 'firing' && labels.alertname === name,
    )

  test('fires while a provider is dead, and clears when it is back', async () => {
    const alert = 'SmsProviderCircuitOpen'
    expect(await isFiring(alert)).toBe(false)
    await behave(gateway.operatorUrl, 'primary', { outage: true })
    await submitMany(gateway.api.url, 200)
    await eventually(() => isFiring(alert), { what: 'it fires', timeoutMs: 60_000 })
    expect(await isFiring('SmsNoProvider')).toBe(false)
    await behave(gateway.operatorUrl, 'primary', { outage: false })
    await submitMany(gateway.api.url, 200)
    await eventually(async () => !(await isFiring(alert)), { what: 'it clears', timeoutMs: 60_000 })
  })

  test('can be asked all that the dashboard asks, of metrics that there are', async () => {
    const path = join(root, 'deploy', 'grafana', 'dashboards', 'sms-gateway.json')
    const dashboard = JSON.parse(await textOf(path)) as {
      panels: { title: string; description?: string; targets?: { expr: string }[] }[]
    }
    const known = new Set(
      [...(await scrape()).join('\n').matchAll(/^# TYPE (\S+) (\w+)/gm)].flatMap(
        ([, name = '', type]) =>
          type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
      ),
    )
    for (const { record } of await rules()) if (record !== undefined) known.add(record)
    const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => [title, expr] as const),
    )
    expect(expressions.length).toBeGreaterThan(40)
    for (const [title, expression] of expressions) {
      const asked = expression.replaceAll('$__rate_interval', '1m')
      expect([title, await prometheus.faultOf(asked)]).toEqual([title, null])
      const named = [...asked.matchAll(/\b(?:sms[_:]|http_|process_|nodejs_)[\w:]+/g)].map(
        ([name]) => name,
      )
      expect([title, named.filter((name) => !known.has(name))]).toEqual([title, []])
    }
    const runbook = await textOf(join(root, 'docs', 'runbook.md'))
    for (const { title, description = '' } of dashboard.panels) {
      const [, section] = /runbook\.md#(\w+)/.exec(description) ?? []
      if (section === undefined) continue
      expect([title, runbook.toLowerCase().includes(`\n## ${section}\n`)]).toEqual([title, true])
    }
    expect(await prometheus.faultOf('rate(')).toContain('parse error')
  })

  test('fires while a process is gone', async () => {
    const alert = 'SmsProcessDown'
    expect(await isFiring(alert)).toBe(false)
    await spare.kill()
    await eventually(() => isFiring(alert), { what: 'it fires', timeoutMs: 30_000 })
  })
})
