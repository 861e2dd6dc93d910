/**
 * A gateway whose providers have rules: an API and two processor processes that read one file of providers, and customers of whom each is new,
 * so that nothing has to be waited for.
 */
import { expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { type Environment, type RunningRole, runCommand, startRole } from './gateway.ts'
import {
  allAre,
  behave,
  identities,
  metric,
  post,
  startGateway,
  verify,
} from './gateway-fixture.ts'

export const admin = { authorization: 'Bearer the-admin-token' }
/** Of each provider, what the file says besides where it is. */
export type Rules = Readonly<Partial<Record<(typeof identities)[number], string>>>
export const everybody: Rules = { primary: '', secondary: '', backup: '' }

/** So many different numbers. */
export const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${1_000_000 + index}`)

export async function startRoutingFixture() {
  const folder = mkdtempSync(join(tmpdir(), 'routing-'))
  const file = join(folder, 'providers.toml')
  const processors: RunningRole[] = []
  const gateway = await startGateway({
    without: ['api', 'processor'],
    environment: {
      ...Object.fromEntries(identities.map((name) => [`PROVIDER_${name.toUpperCase()}_URL`, ''])),
      ADMIN_TOKEN: 'the-admin-token',
      LOG_LEVEL: 'info',
      RETRY_ATTEMPTS_MAX: '3',
      RETRY_BACKOFF_BASE_MS: '100',
      RETRY_BACKOFF_MAX_MS: '200',
      CIRCUIT_OPEN_MS: '200',
      CIRCUIT_OPEN_MS_MAX: '400',
    },
  })
  const { METRICS_ADDR: _, ...shared } = gateway.environment
  const environment: Environment = { ...shared, PROVIDERS_FILE: file }
  write(everybody)
  const api = await startRole('api', environment)
  // Something is set for somebody before the processors look, and nobody is asked about twice: nothing has to be waited for.
  await customerWith({ strategy: 'priority' })
  const nobody = await customerWith(null)
  for (const _process of [1, 2]) processors.push(await startRole('processor', environment))

  function write(rules: Rules): void {
    const tables = Object.entries(rules).map(
      ([name, rest]) => `[[providers]]
  name = "${name}"
  url = "${gateway.operatorUrl}/${name}"
  secret = "secret-of-${name}"
  timeout_ms = 5000
  concurrency_max = 5000
  ${rest}
  `,
    )
    writeFileSync(file, tables.join('\n'))
  }

  const reloads = ({ logs }: RunningRole): number => logs().split('providers.reloaded').length - 1

  /** Resolves when these are in force in these roles. */
  async function reload(rules: Rules, roles: readonly RunningRole[] = [api, ...processors]) {
    write(rules)
    for (const role of roles) {
      const before = reloads(role)
      role.signal('SIGHUP')
      await eventually(() => reloads(role) > before, { what: 'it is reloaded' })
    }
  }

  async function call(method: string, path: string, body: unknown) {
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  async function preview(phone: string, customer_id: number) {
    const { status, body } = await call('POST', '/api/v1/routes/preview', { phone, customer_id })
    expect(status).toBe(200)
    return body as {
      provider: string | null
      sender_id: string | null
      reasons: string[]
      candidates: { provider: string; rank: number | null; why_not: string | null }[]
    }
  }

  /** A new one, so that no process knows another state of it. */
  async function customerWith(routing: unknown): Promise<number> {
    const { body } = await call('POST', '/api/v1/customers', { name: 'A' })
    const { id } = body as { id: number }
    expect((await call('PATCH', `/api/v1/customers/${id}`, { settings: { routing } })).status).toBe(
      200,
    )
    return id
  }

  /** Resolves when every process shows one for this. */
  async function everywhere(name: string, labels: Record<string, string>): Promise<void> {
    await eventually(
      async () => {
        const values = await Promise.all(processors.map(({ url }) => metric(url, name, labels)))
        return values.every((value) => value === 1)
      },
      { what: `${name} ${JSON.stringify(labels)}` },
    )
  }

  async function order(word: 'drain' | 'disable' | 'enable', provider: string, mode: string) {
    expect((await runCommand(['providers', word, provider], environment)).exitCode).toBe(0)
    await everywhere('sms_provider_mode', { provider, mode })
  }

  /** All of them, once they are sent. */
  async function sentTo(ids: readonly string[]): Promise<string[]> {
    await allFinal()
    const providers = await providersOf(ids)
    expect(providers.size).toBe(ids.length)
    return [...new Set(providers.values())].sort()
  }

  /** Answers the ids. */
  async function submit(
    phones: readonly string[],
    customer_id: number,
    times = 1,
  ): Promise<string[]> {
    const messages = Array.from({ length: times }, () => phones)
      .flat()
      .map((phone) => ({ phone, message: 'hello', customer_id }))
    const response = await post(`${api.url}/api/v1/messages/batch`, { messages }, admin)
    expect(response.status).toBe(202)
    const answer = (await response.json()) as { messages: { id: string }[] }
    return answer.messages.map(({ id }) => id)
  }

  /** Of those that are sent. */
  async function providersOf(ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await gateway.database.sql<{ id: string; provider: string }[]>`
      SELECT id, provider FROM messages
      WHERE id IN ${gateway.database.sql(ids)} AND status NOT IN ('scheduled', 'queued', 'sending', 'failed')`
    return new Map(rows.map(({ id, provider }) => [id, provider]))
  }

  /** How many messages of each prefix went to each provider, once all are delivered. */
  async function split(count: number, prefixLength = 3): Promise<Record<string, number>> {
    await allAre(gateway.database, 'delivered', count)
    const rows = await gateway.database.sql<{ place: string; count: number }[]>`
      SELECT left(recipient, ${prefixLength}::int) || ' ' || provider AS place, count(*)::int AS count
      FROM messages GROUP BY 1 ORDER BY 1`
    return Object.fromEntries(rows.map(({ place, count: of }) => [place, of]))
  }

  async function allFinal(): Promise<void> {
    await eventually(
      async () => {
        const [row] = await gateway.database.sql<{ left: number }[]>`
          SELECT count(*)::int AS left FROM messages WHERE final_at IS NULL`
        return row?.left === 0
      },
      { what: 'all is final', timeoutMs: 60_000, intervalMs: 100 },
    )
  }

  async function sentOnce(ids: readonly string[]): Promise<void> {
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({
      checked: ids.length,
      missing: [],
      repeated: [],
    })
  }

  /** Everything is well, and nothing is there. */
  async function clear(): Promise<void> {
    for (const name of identities) await behave(gateway.operatorUrl, name, { outage: false })
    await allFinal()
    await gateway.database
      .sql`TRUNCATE messages, provider_references, delivery_reports, provider_controls, dead_letters`
    await fetch(`${gateway.operatorUrl}/control/reset`, { method: 'POST' })
  }

  return {
    gateway,
    environment,
    api,
    processors,
    nobody,
    write,
    reload,
    call,
    preview,
    customerWith,
    order,
    sentTo,
    submit,
    providersOf,
    split,
    allFinal,
    sentOnce,
    clear,
    async close() {
      for (const role of [...processors, api]) expect(await role.stop()).toBe(0)
      await gateway.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type RoutingFixture = Awaited<ReturnType<typeof startRoutingFixture>>
