/**
 * A gateway whose providers change at run time: an API, and three processor processes of which two have a supervisor. Each
 * kind has a file of its own, because the API must know a provider's secret for as long as reports come from it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { type Environment, type RunningRole, startRole } from './gateway.ts'
import { type Gateway, identities, metric, post, startGateway } from './gateway-fixture.ts'

export type Weights = Readonly<Partial<Record<(typeof identities)[number], number>>>

export interface ProviderFixture {
  readonly gateway: Gateway
  readonly api: RunningRole
  /** With how many processes each is. */
  readonly processors: readonly (RunningRole & { readonly processes: number })[]
  /** For commands, and for roles beside these. */
  readonly environment: Environment
  /** The text of a file with providers of these weights. */
  tables(weights: Weights): string
  /** Writes the API's file, or the processors', and has it reloaded. */
  reloadApi(content: string): void
  reloadProcessors(content: string): void
  /** Both, and resolves when these providers are in force in all processes, each enabled. */
  provide(weights: Weights): Promise<void>
  /** Resolves when every process shows this of a gauge; null: it does not show it. */
  everywhere(name: string, labels: Record<string, string>, value: 0 | 1 | null): Promise<void>
  /** Resolves when every process has this mode in force and, unless it is `enabled`, nothing is under way there. */
  modeIs(provider: string, mode: string): Promise<void>
  /** Posts a report as this provider; it is about no message. */
  report(provider: string, secret: string): Promise<Response>
  close(): Promise<number[]>
}

/** Put into force first: a set with other names is what can be waited for. */
const between: Weights = { primary: 1 }

export const admin = { authorization: 'Bearer the-admin-token' }

export async function startProviderFixture(): Promise<ProviderFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'providers-'))
  const files = { api: join(folder, 'api.toml'), processor: join(folder, 'processor.toml') }
  const gateway = await startGateway({ without: ['api', 'processor'] })
  for (const file of Object.values(files)) writeFileSync(file, tables(between))

  const { APP_ADDR = '', ...inherited } = gateway.environment
  const environment: Environment = {
    ...Object.fromEntries(
      Object.entries(inherited).filter(([name]) => !/^PROVIDER_|_ADDR$/.test(name)),
    ),
    PUBLIC_URL: `http://${APP_ADDR}`,
    ADMIN_TOKEN: 'the-admin-token',
    PROVIDERS_FILE: files.processor,
    // What is in doubt stays bound to its provider for long, and is tried again soon.
    RETRY_ATTEMPTS_MAX: '30',
    RETRY_BACKOFF_BASE_MS: '200',
    RETRY_BACKOFF_MAX_MS: '1000',
  }
  const ofApi = { APP_ADDR, PROVIDERS_FILE: files.api, LOG_LEVEL: 'info' }
  const api = await startRole('api', { ...environment, ...ofApi })
  const supervised = await startRole('processor', environment, ['--processes', '2'])
  const alone = await startRole('processor', environment)
  const processors = [
    { ...supervised, processes: 2 },
    { ...alone, processes: 1 },
  ]

  function tables(weights: Weights): string {
    const each = Object.entries(weights).map(
      ([name, weight]) => `[[providers]]
name = "${name}"
url = "${gateway.operatorUrl}/${name}"
secret = "secret-of-${name}"
weight = ${weight}
timeout_ms = 1000
concurrency_max = 1000
`,
    )
    return each.join('\n')
  }

  function reloadApi(content: string): void {
    writeFileSync(files.api, content)
    api.signal('SIGHUP')
  }

  function reloadProcessors(content: string): void {
    writeFileSync(files.processor, content)
    for (const processor of processors) processor.signal('SIGHUP')
  }

  async function everywhere(
    name: string,
    labels: Record<string, string>,
    value: 0 | 1 | null,
  ): Promise<void> {
    async function isThere({ url, processes }: (typeof processors)[number]): Promise<boolean> {
      return (await metric(url, name, labels)) === (value === null ? null : value * processes)
    }
    await eventually(async () => (await Promise.all(processors.map(isThere))).every(Boolean), {
      what: `${name} ${JSON.stringify(labels)} is ${value}`,
    })
  }

  const providersOfApi = async (): Promise<[string, number][]> => {
    const response = await fetch(`${api.url}/api/v1/providers`, { headers: admin })
    const answer = (await response.json()) as { providers: { name: string; weight: number }[] }
    return answer.providers.map(({ name, weight }) => [name, weight])
  }

  async function inForce(weights: Weights): Promise<void> {
    reloadApi(tables(weights))
    reloadProcessors(tables(weights))
    const wanted = JSON.stringify(Object.entries(weights))
    await eventually(async () => JSON.stringify(await providersOfApi()) === wanted, {
      what: `the API knows ${wanted}`,
    })
    for (const provider of identities) {
      const isGone = weights[provider] === undefined
      await everywhere('sms_provider_mode', { provider, mode: 'enabled' }, isGone ? null : 1)
    }
  }

  return {
    gateway,
    api,
    processors,
    environment,
    tables,
    reloadApi,
    reloadProcessors,
    everywhere,
    async provide(weights) {
      await inForce(between)
      await inForce(weights)
    },
    async modeIs(provider, mode) {
      await everywhere('sms_provider_mode', { provider, mode }, 1)
      if (mode !== 'enabled') await everywhere('sms_provider_in_flight', { provider }, 0)
    },
    async report(provider, secret) {
      return await post(
        `${api.url}/api/v1/providers/${provider}/delivery-reports`,
        { message_id: 'of-nobody', status: 'delivered' },
        { authorization: `Bearer ${secret}` },
      )
    },
    async close() {
      const exitCodes: number[] = []
      for (const role of [...processors, api]) exitCodes.push(await role.stop())
      await gateway.close()
      rmSync(folder, { recursive: true })
      return exitCodes
    },
  }
}
