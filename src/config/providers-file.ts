/**
 * Providers from a TOML file: any number, each a `[[providers]]` table. A table is read like an environment: by the same
 * schemas, with the same words for its faults.
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ProviderSettings } from '../providers/provider.ts'
import { destinationFaults } from './destination-faults.ts'
import type { Fault } from './fault.ts'
import { fieldTexts, isTable, unknownField } from './file-tables.ts'
import { fileTable, providersFile } from './keys/provider-keys.ts'
import { type Networks, networksField, readNetworks, withNetworks } from './networks.ts'
import { readSettings } from './read-settings.ts'
import { redacted } from './redact.ts'
import type { Setting } from './setting.ts'

/** More providers than this are a mistake. */
export const providersMax = 64
/** A file larger than this is not read. */
const fileBytesMax = 1_048_576

export type ProvidersFileResult =
  | { readonly ok: true; readonly providers: readonly ProviderSettings[] }
  | { readonly ok: false; readonly faults: readonly Fault[] }

const fields: ReadonlyMap<string, Setting<unknown>> = new Map(
  Object.values(fileTable).map((setting) => [setting.name, setting]),
)

/** Reads the file; answers every fault in it, each with its place (`PROVIDERS_FILE providers[1].url`). */
export function loadProvidersFile(path: string): ProvidersFileResult {
  const faults: Fault[] = []
  const content = readContent(path, faults) ?? {}
  const tables = readTables(content, faults)
  const networks = readNetworks(content, faults)
  const providers = tables.flatMap((table, index) => {
    const place = `${providersFile.name} providers[${index}]`
    const provider = readProvider(table, place, path, networks, faults)
    return provider === null ? [] : [provider]
  })
  return faults.length > 0 ? { ok: false, faults } : { ok: true, providers }
}

function readContent(path: string, faults: Fault[]): object | null {
  const { name } = providersFile
  let text: string
  try {
    text = readText(path)
  } catch (error) {
    faults.push({ name, detail: `cannot be read: ${reasonOf(error)}` })
    return null
  }
  try {
    return Bun.TOML.parse(text)
  } catch (error) {
    // The parser quotes what it stumbles over, which may be a secret without its quotes.
    const reason = reasonOf(error).replace(/["'].*["']/s, '…')
    faults.push({ name, detail: `cannot be parsed: ${reason}` })
    return null
  }
}

const topFields = ['providers', networksField]

function readTables(content: object, faults: Fault[]): readonly unknown[] {
  const { name } = providersFile
  for (const key of Object.keys(content)) {
    if (!topFields.includes(key)) faults.push(unknownField(`${name} ${key}`, key, topFields))
  }
  const tables: unknown = 'providers' in content ? content.providers : []
  if (!Array.isArray(tables)) {
    faults.push({ name: `${name} providers`, detail: 'must be tables, each headed [[providers]]' })
    return []
  }
  if (tables.length > providersMax) {
    const detail = `must be at most ${providersMax}, not ${tables.length}`
    faults.push({ name: `${name} providers`, detail })
  }
  const names = tables.map((table) => (isTable(table) ? table[fileTable.name.name] : undefined))
  for (const [index, given] of names.entries()) {
    if (typeof given !== 'string' || names.indexOf(given) === index) continue
    faults.push(takenName(index, given))
  }
  return tables
}

/** A name that another provider has already. */
export function takenName(index: number, name: string): Fault {
  return {
    name: `${providersFile.name} providers[${index}].${fileTable.name.name}`,
    detail: `must differ from every other provider's, and ${JSON.stringify(redacted(name))} is taken already`,
  }
}

function readProvider(
  table: unknown,
  place: string,
  path: string,
  networks: Networks,
  faults: Fault[],
): ProviderSettings | null {
  if (!isTable(table)) {
    faults.push({ name: place, detail: 'must be a table' })
    return null
  }
  const texts = fieldTexts(table, fields, `${place}.`, faults)
  const {
    secretFile,
    networks: chosen,
    ...values
  } = readSettings(fileTable, texts, 'processor', faults, `${place}.`)
  faults.push(...destinationFaults(values, fileTable, `${place}.`))
  for (const { name } of [fileTable.name, fileTable.url]) {
    if (!Object.hasOwn(table, name) || table[name] === '') {
      faults.push({ name: `${place}.${name}`, detail: 'must be set' })
    }
  }
  const secret =
    secretFile === null
      ? values.secret
      : secretFromFile(secretFile, values.secret !== null, `${place}.`, path, faults)
  const { name, url, ...rest } = values
  const given = chosen ?? []
  const unknown = given.filter((network) => !networks.has(network))
  if (unknown.length > 0) {
    const detail = `must be networks that have a [[${networksField}]] table, not ${unknown.join(', ')}`
    faults.push({ name: `${place}.${fileTable.networks.name}`, detail })
  }
  const destinations = chosen === null ? {} : withNetworks(rest, given, networks)
  return name === null || url === null ? null : { name, url, ...rest, ...destinations, secret }
}

function secretFromFile(
  secretFile: string,
  secretGiven: boolean,
  place: string,
  path: string,
  faults: Fault[],
): string | null {
  const name = `${place}${fileTable.secretFile.name}`
  if (secretGiven) {
    faults.push({ name, detail: 'must not be set beside secret' })
    return null
  }
  try {
    const content = readText(resolve(dirname(path), secretFile)).replace(/\r?\n$/, '')
    const parsed = fileTable.secret.parser.schema.safeParse(content)
    if (parsed.success) return parsed.data
    faults.push({ name, detail: `must hold ${fileTable.secret.parser.allowed}` })
  } catch (error) {
    faults.push({ name, detail: `cannot be read: ${reasonOf(error)}` })
  }
  return null
}

/** @throws when there is no such file, or it is too large */
function readText(path: string): string {
  const file = statSync(path)
  if (!file.isFile()) throw new Error('not a file')
  if (file.size > fileBytesMax) throw new Error(`larger than ${fileBytesMax} bytes`)
  return readFileSync(path, 'utf8')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
