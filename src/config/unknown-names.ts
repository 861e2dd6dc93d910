/** Misspelt settings: names that look like ours and are not. */
import type { Environment, Fault } from './fault.ts'
import { allSettings } from './keys.ts'
import { nearestName, slipOf } from './nearest-name.ts'
import { given } from './read-settings.ts'

/** Beginnings that only our settings have. */
const ownPrefixes = [
  'POSTGRES_',
  'REDIS_',
  'QUEUE_',
  'PROVIDER_',
  'PROVIDERS_',
  'PROCESSOR_',
  'RETRY_',
  'SWEEP_',
  'PROMOTE_',
  'PARTITIONS_',
  'CLAIM_',
  'CIRCUIT_',
  'WEBHOOK_',
]

/** Every name that begins like a setting and is none; an empty variable counts as unset. */
export function unknownNameFaults(environment: Environment): Fault[] {
  const known = new Set(allSettings.map(({ name }) => name))
  const prefixes = new Set([...known].map(firstWord))
  const faults: Fault[] = []
  for (const name of Object.keys(environment)) {
    const value = given(environment, name)
    if (value === undefined || known.has(name) || isServiceLink(name, value)) continue
    const isOwn = ownPrefixes.some((prefix) => name.startsWith(prefix))
    if (!isOwn && !prefixes.has(firstWord(name))) continue
    // Other programs have variables that begin like the rest of ours (APP_, LOG_, …): only a slip is meant for us.
    const near = isOwn ? nearestName(name, known) : slipOf(name, known)
    if (near !== null) faults.push({ name, detail: `is not a setting; did you mean ${near}?` })
    else if (isOwn) faults.push({ name, detail: 'is not a setting' })
  }
  return faults
}

function firstWord(name: string): string {
  return name.slice(0, name.indexOf('_') + 1) || name
}

/** Container platforms describe a service called `redis` or `postgres` to every container by such variables. */
function isServiceLink(name: string, value: string): boolean {
  if (/_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/.test(name)) return true
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}
