/**
 * The configuration: environment and file in, one frozen, typed value out, or every fault at once. Only `roles/` sees the
 * whole; the parts get plain options.
 */
import type { InDoubtPolicy } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { LogLevel } from '../runtime/logger.ts'
import * as keys from './keys.ts'
import { type ListenAddress, SettingFault } from './parsers.ts'
import { loadProvidersFile } from './providers-file.ts'
import { crossFieldFaults } from './rules.ts'
import { unknownNameFaults } from './unknown-names.ts'

export interface Fault {
  /** The setting, or the place in a file. */
  readonly name: string
  readonly detail: string
}

export type Environment = Readonly<Record<string, string | undefined>>

type Values<G extends Record<string, keys.Setting<unknown>>> = {
  readonly [K in keyof G]: G[K] extends { parse: (text: string) => infer T; default: infer D }
    ? D extends null
      ? T | null
      : T
    : never
}

type Flat<G> = Omit<G, never>

export interface Config {
  readonly appAddress: ListenAddress
  readonly metricsAddress: ListenAddress
  readonly operatorAddress: ListenAddress
  readonly publicUrl: string
  readonly processes: number
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly postgres: {
    /** Null: the embedded database (standalone). */
    readonly write: { readonly host: string; readonly port: number } | null
    readonly read: { readonly host: string; readonly port: number } | null
  } & Flat<Omit<Values<typeof keys.postgres>, 'writeHost' | 'writePort' | 'readHost' | 'readPort'>>
  /** Null: the queue inside the process (standalone). */
  readonly redis: {
    readonly host: string
    readonly port: number
    readonly password: string | null
    readonly commandTimeoutMs: number
  } | null
  readonly streams: { readonly normal: string; readonly express: string }
  readonly accept: Values<typeof keys.accept>
  readonly processing: Values<typeof keys.processing>
  readonly circuit: Values<typeof keys.circuit>
  readonly providers: readonly ProviderSettings[]
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly Fault[] }

export const roles = ['api', 'processor', 'operator', 'migrate', 'standalone', 'admin'] as const
export type Role = (typeof roles)[number]

/** An empty variable counts as unset. */
export function loadConfig(environment: Environment, role: Role): ConfigResult {
  const faults: Fault[] = unknownNameFaults(environment)
  const read = <G extends Record<string, keys.Setting<unknown>>>(group: G): Values<G> =>
    readGroup(group, environment, faults)

  const servers = read(keys.servers)
  const { writeHost, writePort, readHost, readPort, ...postgres } = read(keys.postgres)
  const redis = read(keys.redis)
  const accept = read(keys.accept)
  const processing = read(keys.processing)
  const circuit = read(keys.circuit)
  const providers = readProviders(environment, faults)
  if (faults.length > 0) return { ok: false, faults }

  const standalone = role === 'standalone'
  const loopback = (name: string, address: ListenAddress): ListenAddress =>
    standalone && given(environment, name) === undefined
      ? { hostname: '127.0.0.1', port: address.port }
      : address
  const appAddress = loopback('APP_ADDR', servers.appAddress)
  const write =
    standalone && writeHost === null ? null : { host: writeHost ?? 'localhost', port: writePort }
  const config: Config = {
    ...servers,
    appAddress,
    metricsAddress: loopback('METRICS_ADDR', servers.metricsAddress),
    operatorAddress: loopback('OPERATOR_ADDR', servers.operatorAddress),
    // What it prints for people to try must not drown in a line for each message.
    logLevel: standalone && given(environment, 'LOG_LEVEL') === undefined ? 'warn' : servers.logLevel,
    publicUrl: servers.publicUrl ?? `http://localhost:${appAddress.port}`,
    postgres: {
      ...postgres,
      write,
      read: write === null ? null : { host: readHost ?? write.host, port: readPort ?? write.port },
    },
    redis:
      standalone && redis.host === null
        ? null
        : {
            ...(redis.host ?? { host: 'localhost', port: 6_379 }),
            password: redis.password,
            commandTimeoutMs: redis.commandTimeoutMs,
          },
    streams: { normal: redis.queueName, express: redis.queueExpressName },
    accept,
    processing,
    circuit,
    providers,
  }
  faults.push(...crossFieldFaults(config, role))
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: deepFreeze(config) }
}

/** The setting's text, or undefined when it is unset or empty. */
export function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}

function readGroup<G extends Record<string, keys.Setting<unknown>>>(
  group: G,
  environment: Environment,
  faults: Fault[],
): Values<G> {
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(group)) {
    const value = given(environment, setting.name) ?? setting.default
    if (value === null) {
      values[key] = null
      continue
    }
    try {
      values[key] = setting.parse(value)
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error
      const shown = setting.secret ? '' : `, not ${JSON.stringify(value)}`
      faults.push({ name: setting.name, detail: `${error.message}${shown}` })
    }
  }
  return values as Values<G>
}

function readProviders(environment: Environment, faults: Fault[]): ProviderSettings[] {
  const providers: ProviderSettings[] = []
  for (const [name, group] of Object.entries(keys.providers)) {
    const { url, ...rest } = readGroup(group, environment, faults)
    if (url !== null) providers.push({ name, url, ...rest, inDoubt: rest.inDoubt as InDoubtPolicy })
  }
  const path = given(environment, keys.providersFile.name)
  if (path === undefined) return providers
  const file = loadProvidersFile(path)
  if (!file.ok) {
    faults.push(...file.faults)
    return providers
  }
  for (const [index, provider] of file.providers.entries()) {
    if (providers.some(({ name }) => name === provider.name)) {
      const detail = `the name ${JSON.stringify(provider.name)} is taken already`
      faults.push({ name: `PROVIDERS_FILE providers[${index}].name`, detail })
    } else {
      providers.push(provider)
    }
  }
  return providers
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
