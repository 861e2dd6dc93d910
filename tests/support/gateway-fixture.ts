/** A whole gateway for one test file: database, queue, mock operator, API and processor, from the compiled binary. */
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type Environment, type RunningRole, startRole } from './gateway.ts'
import { queueEnvironment } from './redis-prefix.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export interface GatewayOptions {
  readonly database?: TestDatabase
  readonly environment?: Environment
  /** Roles that are not started. */
  readonly without?: readonly ('api' | 'processor' | 'operator')[]
}

export interface Gateway {
  readonly database: TestDatabase
  readonly environment: Environment
  readonly operatorUrl: string
  api: RunningRole
  processor: RunningRole
  operator: RunningRole
  /** Stops what runs; answers the exit codes that were not 0. */
  close(): Promise<void>
}

export const identities = ['primary', 'secondary', 'backup'] as const

/** What lets tests see recovery within seconds instead of minutes. */
export const quickRecovery: Environment = {
  POSTGRES_STATEMENT_TIMEOUT_MS: '900',
  SWEEP_GRACE_MS: '3000',
  SWEEP_INTERVAL_MS: '200',
  CLAIM_LEASE_MS: '14000',
  QUEUE_RECLAIM_IDLE_MS: '15000',
  PROVIDER_PRIMARY_TIMEOUT_MS: '2000',
  PROVIDER_SECONDARY_TIMEOUT_MS: '2000',
  PROVIDER_BACKUP_TIMEOUT_MS: '2000',
}

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const database = options.database ?? (await createTestDatabase())
  const [appPort, operatorPort, metricsPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const operatorUrl = `http://127.0.0.1:${operatorPort}`
  const environment: Record<string, string> = {
    ...database.environment,
    ...queueEnvironment(),
    LOG_LEVEL: 'warn',
    APP_ADDR: `127.0.0.1:${appPort}`,
    METRICS_ADDR: `127.0.0.1:${metricsPort}`,
    OPERATOR_ADDR: `127.0.0.1:${operatorPort}`,
  }
  for (const identity of identities) {
    const prefix = `PROVIDER_${identity.toUpperCase()}`
    environment[`${prefix}_URL`] = `${operatorUrl}/${identity}`
    environment[`${prefix}_SECRET`] = `secret-of-${identity}`
  }
  Object.assign(environment, options.environment)
  const running: RunningRole[] = []
  const start = async (role: 'api' | 'processor' | 'operator'): Promise<RunningRole> => {
    if (options.without?.includes(role)) return notStarted(role)
    const started = await startRole(role, environment)
    running.push(started)
    return started
  }
  const gateway: Gateway = {
    database,
    environment,
    operatorUrl,
    operator: await start('operator'),
    api: await start('api'),
    processor: await start('processor'),
    async close() {
      for (const role of [gateway.processor, gateway.api, gateway.operator]) {
        if (role.pid !== 0) await role.kill()
      }
      if (options.database === undefined) await database.drop()
    },
  }
  return gateway
}

function notStarted(role: string): RunningRole {
  const refuse = (): never => {
    throw new Error(`${role} was not started`)
  }
  return {
    url: '',
    pid: 0,
    exited: Promise.resolve(0),
    logs: refuse,
    stop: refuse,
    kill: refuse,
    signal: refuse,
  }
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

export const message = { phone: '+1234567890', message: 'Hello from SMS Gateway', customer_id: 1 }

/** Accepts `count` messages in batches; answers their ids. */
export async function submitMany(
  apiUrl: string,
  count: number,
  lane = 'normal',
): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) {
    const messages = Array.from({ length: Math.min(1_000, count - ids.length) }, () => ({
      ...message,
      lane,
    }))
    const response = await post(`${apiUrl}/api/v1/messages/batch`, { messages })
    if (response.status !== 202) throw new Error(`batch answered ${response.status}`)
    const answer = (await response.json()) as { messages: { id: string }[] }
    ids.push(...answer.messages.map(({ id }) => id))
  }
  return ids
}

export async function submitOne(apiUrl: string, path = '/api/v1/messages'): Promise<string> {
  const response = await post(`${apiUrl}${path}`, message)
  if (response.status !== 202) throw new Error(`submit answered ${response.status}`)
  return ((await response.json()) as { id: string }).id
}

/** Messages by status. */
export async function statusCounts({ sql }: TestDatabase): Promise<Record<string, number>> {
  const rows = await sql<{ status: string; count: number }[]>`
    SELECT status, count(*)::int AS count FROM messages GROUP BY status`
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

/** Resolves when as many messages have this status, and none another. */
export async function allAre(
  database: TestDatabase,
  status: string,
  count: number,
  timeoutMs = 60_000,
): Promise<void> {
  await eventually(
    async () => {
      const found = await statusCounts(database)
      if (Object.keys(found).length !== 1 || found[status] !== count)
        throw new Error(JSON.stringify(found))
      return true
    },
    { what: `${count} messages are ${status}`, timeoutMs, intervalMs: 100 },
  )
}

export interface Verification {
  readonly checked: number
  readonly missing: readonly string[]
  readonly repeated: readonly {
    reference: string
    submits: number
    taken: number
    idempotency_keys: unknown
  }[]
}

/** What the operator says of these messages. */
export async function verify(
  operatorUrl: string,
  references: readonly string[],
): Promise<Verification> {
  const response = await post(`${operatorUrl}/control/verify`, { references })
  if (!response.ok) throw new Error(`verify answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as Verification
}

export async function behave(
  operatorUrl: string,
  identity: string,
  behaviour: unknown,
): Promise<void> {
  const response = await fetch(`${operatorUrl}/control/${identity}/behaviour`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(behaviour),
  })
  if (!response.ok)
    throw new Error(`behaviour answered ${response.status}: ${await response.text()}`)
}

/** The value of one sample, or null when there is none. */
export async function metric(
  url: string,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | null> {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  const found = (await samples(url)).find(
    (sample) => sample.name === name && wanted.every((label) => sample.labels.includes(label)),
  )
  return found?.value ?? null
}

/** The sum of all samples of these names; those that do not exist yet count as 0. */
export async function metricSum(url: string, names: readonly string[]): Promise<number> {
  const found = (await samples(url)).filter(({ name }) => names.includes(name))
  return found.reduce((sum, { value }) => sum + value, 0)
}

/** What `/metrics` shows; the labels as they are written there. */
async function samples(url: string) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const end = line.lastIndexOf(' ')
    const [name = '', labels = ''] = line.slice(0, end).split('{', 2)
    return { name, labels, value: Number(line.slice(end + 1)) }
  })
}
