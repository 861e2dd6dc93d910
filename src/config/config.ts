/**
 * The configuration: environment and file in, one frozen, typed value out, or every fault at once. Only `roles/` sees the
 * whole; the parts get plain options.
 */
import { dayMs } from '../domain/duration.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Config } from './config-shape.ts'
import { destinationFaults } from './destination-faults.ts'
import type { Environment, Fault } from './fault.ts'
import { limits, pumpingGuard } from './keys/limit-keys.ts'
import { accept, circuit, processing } from './keys/message-keys.ts'
import { numbers } from './keys/number-keys.ts'
import * as providerKeys from './keys/provider-keys.ts'
import * as serverKeys from './keys/server-keys.ts'
import { tracing } from './keys/tracing-keys.ts'
import { webhooks } from './keys/webhook-keys.ts'
import { loadProvidersFile, takenName } from './providers-file.ts'
import { givenText, readSettings } from './read-settings.ts'
import type { Role } from './role.ts'
import { roundShareOfLease, ruleFaults } from './rules.ts'
import type { SettingTable, Values } from './setting.ts'
import { unknownNameFaults } from './unknown-names.ts'

export type { Config } from './config-shape.ts'
export type { Environment, Fault } from './fault.ts'
export { given } from './read-settings.ts'
export { type Role, roles } from './role.ts'

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/**
 * Reads the environment, and the file that it may name, as `role` needs it. Prints nothing and ends nothing. An empty
 * variable counts as unset. No fault shows a secret.
 */
export function loadConfig(environment: Environment, role: Role): ConfigResult {
  const faults: Fault[] = unknownNameFaults(environment)
  const config = readConfig(environment, role, faults)
  const atFault = new Set(faults.map(({ name }) => name.split(' ', 1)[0] ?? name))
  faults.push(...ruleFaults(config, role, atFault))
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: deepFreeze(config) }
}

/** With defaults in place of what is at fault. */
function readConfig(environment: Environment, role: Role, faults: Fault[]): Config {
  const read = <G extends SettingTable>(table: G): Values<G> =>
    readSettings(table, environment, role, faults)

  const servers = read(serverKeys.servers)
  const { writeHost, writePort, readHost, readPort, ...postgres } = read(serverKeys.postgres)
  const { host: redisServer, queueName, queueExpressName, ...redis } = read(serverKeys.redis)
  const write = writeHost === null ? null : { host: writeHost, port: writePort }
  const messages = read(processing)
  const accepting = read(accept)
  const { retentionDays, reportTimeoutMs } = messages
  return {
    ...servers,
    publicUrl: servers.publicUrl ?? `http://localhost:${servers.appAddress.port}`,
    postgres: {
      ...postgres,
      write,
      read: write === null ? null : { host: readHost ?? write.host, port: readPort ?? write.port },
    },
    redis: redisServer === null ? null : { ...redisServer, ...redis },
    streams: { normal: queueName, express: queueExpressName },
    accept: accepting,
    limits: read(limits),
    pumpingGuard: read(pumpingGuard),
    numbers: read(numbers),

    processing: {
      ...messages,
      roundMsMax: messages.claimLeaseMs * roundShareOfLease,
      replayAgeMsMax: retentionDays * dayMs - accepting.messageValidityMs - reportTimeoutMs,
    },
    circuit: read(circuit),
    webhooks: read(webhooks),
    tracing: read(tracing),
    providers: readProviders(environment, role, faults),
  }
}

function readProviders(environment: Environment, role: Role, faults: Fault[]): ProviderSettings[] {
  const providers: ProviderSettings[] = []
  for (const [name, table] of Object.entries(providerKeys.providers)) {
    const { url, ...rest } = readSettings(table, environment, role, faults)
    faults.push(...destinationFaults(rest, table))
    if (url !== null) providers.push({ name, url, ...rest })
  }
  const { path } = readSettings({ path: providerKeys.providersFile }, environment, role, faults)
  if (path === null) return providers
  const file = loadProvidersFile(path)
  if (!file.ok) {
    faults.push(...file.faults)
    return providers
  }
  const shortForms = new Set(providers.map(({ name }) => name))
  for (const [index, { name }] of file.providers.entries()) {
    if (shortForms.has(name)) faults.push(takenName(index, name))
  }
  return [...providers, ...file.providers]
}

/** The secrets of the short form by provider, also of one that has no URL here: the mock operator signs with them. */
export function shortFormSecrets(environment: Environment): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const [name, { secret }] of Object.entries(providerKeys.providers)) {
    const text = givenText(environment, secret)
    if (text !== undefined) secrets[name] = text
  }
  return secrets
}

/** The providers of the short form with their defaults, and nowhere to submit to yet: for the mock operator. */
export function providersByDefault(role: Role): ProviderSettings[] {
  return Object.entries(providerKeys.providers).map(([name, table]) => {
    const settings = readSettings(table, {}, role, [])
    return { ...settings, name, url: '' }
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
