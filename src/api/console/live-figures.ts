/** What the console shows of the last seconds, for all processes together. */
import type {
  LaneFigures,
  LiveFigures,
  Percentiles,
  ProviderFigures,
} from '../../console/live-figures.ts'
import { type Lane, lanes } from '../../domain/message.ts'
import { quantile } from '../../domain/quantile.ts'
import type { QueueDepth } from '../../queue/queue.ts'
import { latencyBucketsSeconds } from '../../runtime/metrics.ts'
import type { FiguresWindow } from './figures-window.ts'

/** Rates are of so many seconds. */
const rateSeconds = 5
/** Percentiles are. */
const latencySeconds = 10

/** @param depths by lane; without one that lane's queue could not be asked */
export function toLiveFigures(
  window: FiguresWindow,
  providers: readonly string[],
  depths: ReadonlyMap<Lane, QueueDepth>,
  at: Date,
): LiveFigures {
  const rate = (key: string): number => window.perSecond(key, rateSeconds)
  const rates = (keys: readonly string[]): number => keys.reduce((sum, key) => sum + rate(key), 0)
  const percentiles = (key: string): Percentiles | null =>
    percentilesOf(window.buckets(key, latencySeconds))
  const keysOf = (name: string): string[] => [
    ...new Set(
      window.processes.flatMap(({ values }) =>
        Object.keys(values).filter((key) => key.startsWith(`${name}|`)),
      ),
    ),
  ]
  const submits = keysOf('sms_submitted_total')
  const finals = keysOf('sms_final_total')

  function lane(name: Lane): LaneFigures {
    const depth = depths.get(name)
    const ageMs = depth?.oldestAgeMs ?? null
    const ofLane = (key: string): boolean => key.split('|')[1] === name
    return {
      lane: name,
      acceptedPerSecond: rate(`sms_accepted_total|${name}`),
      submittedPerSecond: rates(submits.filter(ofLane)),
      finalPerSecond: rates(finals.filter(ofLane)),
      backlog: depth?.total ?? null,
      oldestAgeSeconds: ageMs === null ? null : Math.max(0, ageMs) / 1000,
      queueWait: percentiles(`sms_queue_wait_seconds|${name}`),
    }
  }

  function provider(name: string): ProviderFigures {
    const of = (keys: readonly string[], word?: string): string[] =>
      keys.filter((key) => {
        const [, , of, outcome] = key.split('|')
        return of === name && (word === undefined || outcome === word)
      })
    const ratio = (keys: readonly string[], word: string): number | null => {
      const total = (some: readonly string[]) =>
        some.reduce((sum, key) => sum + window.growth(key), 0)
      const all = total(of(keys))
      return all === 0 ? null : total(of(keys, word)) / all
    }
    const circuit = (state: string): number =>
      window.sum(`sms_provider_circuit_state|${name}|${state}`)
    return {
      name,
      circuits: {
        closed: circuit('closed'),
        half_open: circuit('half_open'),
        open: circuit('open'),
      },
      inFlight: window.sum(`sms_provider_in_flight|${name}`),
      submittedPerSecond: rates(of(submits)),
      takenRatio: ratio(submits, 'taken'),
      deliveredRatio: ratio(finals, 'delivered'),
      submit: percentiles(`sms_submit_duration_seconds|${name}`),
    }
  }

  const removed = window
    .namesAfter('sms_provider_in_flight|')
    .filter((name) => !providers.includes(name))
  return {
    at: at.toISOString(),
    processes: window.processes.map(({ instance, role, version, values }) => ({
      instance,
      role,
      version,
      memoryBytes: values.process_resident_memory_bytes ?? 0,
      cpu: window.perSecondOf(instance, 'process_cpu_seconds_total', rateSeconds),
    })),
    lanes: lanes.map(lane),
    providers: [...providers, ...removed].map(provider),
    refusedPerSecond: rate('sms_refused_total'),
    failedPerSecond: rate('sms_dead_lettered_total'),
    accept: percentiles('sms_accept_duration_seconds'),
    acceptedToFinal: percentiles('sms_accepted_to_final_seconds'),
    deadLetters: window.max('sms_dead_letters'),
    deadLettersOldestAgeSeconds: window.max('sms_dead_letters_oldest_age_seconds'),
    parkedReports: window.max('sms_parked_reports'),
    webhooksWaiting: window.max('sms_webhook_waiting'),
    webhooksOverdueSeconds: window.max('sms_webhook_overdue_seconds'),
    webhooksPerSecond: rate('sms_webhook_settled_total|delivered'),
    replicaLagSeconds: window.max('sms_replica_lag_seconds'),
  }
}

function percentilesOf(counts: readonly number[]): Percentiles | null {
  const at = (q: number): number | null => quantile(q, latencyBucketsSeconds, counts)
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)]
  return p50 === null || p95 === null || p99 === null ? null : { p50, p95, p99 }
}
