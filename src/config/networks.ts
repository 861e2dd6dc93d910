/**
 * Networks of the file of providers: `[[networks]]` tables, each an MCC-MNC with the beginnings of its numbers. What they are is for
 * the operator of the gateway to say: who owns a number that was ported, no table knows.
 */
import { createPrefixTable } from '../domain/prefix-table.ts'
import type { DestinationRules } from '../domain/routing.ts'
import { networkCode, prefixList } from './destination-parsers.ts'
import type { Fault } from './fault.ts'
import { fieldTexts, isTable } from './file-tables.ts'
import { providersFile } from './keys/provider-keys.ts'
import { readSettings } from './read-settings.ts'
import { optional, type Setting } from './setting.ts'

export const networksField = 'networks'

/** More than there are in the world are a mistake. */
export const networksMax = 5_000

/** The prefixes of each, by MCC-MNC. */
export type Networks = ReadonlyMap<string, readonly string[]>

/** One `[[networks]]` table. */
export const networkTable = {
  mccMnc: optional('mcc_mnc', networkCode, 'Mobile country code and network code (ITU-T E.212).'),
  prefixes: optional('prefixes', prefixList, 'Beginnings of its numbers.'),
}

const fields: ReadonlyMap<string, Setting<unknown>> = new Map(
  Object.values(networkTable).map((setting) => [setting.name, setting]),
)

export function readNetworks(content: object, faults: Fault[]): Networks {
  const tables: unknown = networksField in content ? content[networksField] : []
  const everywhere = `${providersFile.name} ${networksField}`
  const networks = new Map<string, readonly string[]>()
  if (!Array.isArray(tables) || tables.length > networksMax) {
    const allowed = `at most ${networksMax} tables, each headed [[${networksField}]]`
    faults.push({ name: everywhere, detail: `must be ${allowed}` })
    return networks
  }
  const owners = new Map<string, string>()
  for (const [index, table] of tables.entries()) {
    const place = `${everywhere}[${index}]`
    if (!isTable(table)) {
      faults.push({ name: place, detail: 'must be a table' })
      continue
    }
    const texts = fieldTexts(table, fields, `${place}.`, faults)
    const { mccMnc, prefixes } = readSettings(networkTable, texts, 'processor', faults, `${place}.`)
    for (const { name } of Object.values(networkTable)) {
      if (!Object.hasOwn(table, name))
        faults.push({ name: `${place}.${name}`, detail: 'must be set' })
    }
    if (mccMnc === null) continue
    if (networks.has(mccMnc)) {
      const detail = `must differ from every other network's, and ${mccMnc} is taken already`
      faults.push({ name: `${place}.${networkTable.mccMnc.name}`, detail })
    }
    const taken = (prefixes ?? []).filter((prefix) => owners.has(prefix))
    if (taken.length > 0) {
      const detail = `must have no prefix of another network: ${taken.join(', ')}`
      faults.push({ name: `${place}.${networkTable.prefixes.name}`, detail })
    }
    for (const prefix of prefixes ?? []) owners.set(prefix, mccMnc)
    networks.set(mccMnc, prefixes ?? [])
  }
  return networks
}

/**
 * A provider's rules with the networks it takes: the prefixes of these, without the longer ones inside them that are of other
 * networks. What its own prefixes say stays.
 */
export function withNetworks(
  { prefixes, prefixesDenied }: Pick<DestinationRules, 'prefixes' | 'prefixesDenied'>,
  chosen: readonly string[],
  networks: Networks,
): Pick<DestinationRules, 'prefixes' | 'prefixesDenied'> {
  const own = new Set([...(prefixes ?? []), ...(prefixesDenied ?? [])])
  const taken = chosen.flatMap((network) => networks.get(network) ?? [])
  const others = [...networks].flatMap(([network, theirs]) =>
    chosen.includes(network) ? [] : theirs,
  )
  const outer = createPrefixTable(taken.map((prefix) => ({ prefix, value: null })))
  const inside = others.filter((prefix) => outer.find(prefix) !== null)
  const isNew = (prefix: string): boolean => !own.has(prefix)
  const denied = [...(prefixesDenied ?? []), ...inside.filter(isNew)]
  return {
    prefixes: [...(prefixes ?? []), ...taken.filter(isNew)],
    prefixesDenied: denied.length === 0 ? null : denied,
  }
}
