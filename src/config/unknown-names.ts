/** Misspelt settings: names that look like ours and are not. */
import type { Environment, Fault } from './config.ts'
import { allSettings } from './keys.ts'

const prefixes = [
  'POSTGRES_',
  'REDIS_',
  'QUEUE_',
  'PROVIDER_',
  'PROVIDERS_',
  'PROCESSOR_',
  'RETRY_',
  'SWEEP_',
  'CIRCUIT_',
]

/** Kubernetes puts these into every container for a service called `redis` or `postgres`; they are not settings. */
const serviceLinks = /_(SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_\d+_.*)$/

export function unknownNameFaults(environment: Environment): Fault[] {
  const known = new Set(allSettings.map(({ name }) => name))
  return Object.keys(environment)
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !known.has(name) && !serviceLinks.test(name))
    .map((name) => {
      const near = nearest(name, known)
      const hint = near === null ? '' : `; did you mean ${near}?`
      return { name, detail: `is not a setting${hint}` }
    })
}

const distanceMax = 4

function nearest(name: string, known: ReadonlySet<string>): string | null {
  let best: string | null = null
  let bestDistance = distanceMax + 1
  for (const candidate of known) {
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution))
    }
    row = next
  }
  return row[b.length] ?? 0
}
