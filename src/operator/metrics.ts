/** The operator's metrics: read from the counters when scraped, so that submits pay nothing for them. */
import type { Registry } from 'prom-client'
import { Counter, Gauge } from 'prom-client'
import { outcomes } from './counters.ts'
import type { Identity } from './identity.ts'

type Sample = [labels: Record<string, string>, value: number]

/** Registers the metrics; call the result to take them out again. */
export function registerMetrics(registry: Registry, identities: readonly Identity[]): () => void {
  const names: string[] = []

  function register(
    kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: string[],
    read: (identity: Identity) => Sample[],
  ) {
    names.push(name)
    const metric: Counter | Gauge = new kind({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        metric.reset()
        for (const identity of identities) {
          for (const [labels, value] of read(identity)) {
            metric.inc({ identity: identity.name, ...labels }, value)
          }
        }
      },
    })
  }

  register(
    Counter,
    'operator_submits_total',
    'Submits by what became of them.',
    ['identity', 'outcome'],
    ({ counters }) => outcomes.map((outcome) => [{ outcome }, counters.outcomes[outcome]]),
  )
  register(
    Counter,
    'operator_taken_total',
    'Message ids handed out.',
    ['identity'],
    ({ counters }) => [[{}, counters.taken]],
  )
  register(
    Counter,
    'operator_duplicates_total',
    'Submits of a reference that had been taken before.',
    ['identity'],
    ({ counters }) => [[{}, counters.duplicates]],
  )
  register(
    Counter,
    'operator_reports_total',
    'Delivery reports by how far they came.',
    ['identity', 'stage'],
    ({ counters: { reports } }) => Object.entries(reports).map(([stage, n]) => [{ stage }, n]),
  )
  register(
    Gauge,
    'operator_reports_pending',
    'Delivery reports not settled yet.',
    ['identity'],
    ({ reports }) => [[{}, reports.pending]],
  )
  register(Gauge, 'operator_references', 'References remembered.', ['identity'], ({ ledger }) => [
    [{}, ledger.size],
  ])

  return function unregister() {
    for (const name of names) registry.removeSingleMetric(name)
  }
}
