/** What a process tells of itself: some of its metrics, small enough to be told each second. */
import type { MetricValue, Registry } from 'prom-client'

export interface ProcessFigures {
  /** Unlike any other process's, also of another machine. */
  readonly instance: string
  readonly role: string
  readonly version: string
  /** Grows with each telling, so that a reader sees who has fallen silent without comparing clocks. */
  readonly sequence: number
  /** Counters and gauges: name and label values joined by `|`, in the order of `toldValues`. */
  readonly values: Readonly<Record<string, number>>
  /** Histograms by the same kind of name: how many were at or below each of `latencyBucketsSeconds`, and all. */
  readonly histograms: Readonly<Record<string, readonly number[]>>
}

/** The metrics that are told, and the labels by which they are told apart; over the others they are added up. */
export const toldValues = {
  sms_accepted_total: ['lane'],
  sms_refused_total: [],
  sms_submitted_total: ['lane', 'provider', 'outcome'],
  sms_final_total: ['lane', 'provider', 'status'],
  sms_dead_lettered_total: [],
  sms_webhook_settled_total: ['result'],
  sms_reports_matched_total: [],
  sms_dead_letters: [],
  sms_dead_letters_oldest_age_seconds: [],
  sms_parked_reports: [],
  sms_permits_in_use: [],
  sms_provider_circuit_state: ['provider', 'state'],
  sms_provider_in_flight: ['provider'],
  sms_webhook_waiting: [],
  sms_webhook_overdue_seconds: [],
  sms_replica_lag_seconds: [],
  process_resident_memory_bytes: [],
  process_cpu_seconds_total: [],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type ToldValue = keyof typeof toldValues

export const toldHistograms = {
  sms_accept_duration_seconds: [],
  sms_queue_wait_seconds: ['lane'],
  sms_submit_duration_seconds: ['provider'],
  sms_accepted_to_final_seconds: [],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type ToldHistogram = keyof typeof toldHistograms

/** Reads them now; gauges measure when they are read. */
export async function collectFigures(
  registry: Registry,
): Promise<Pick<ProcessFigures, 'values' | 'histograms'>> {
  const values: Record<string, number> = {}
  for (const [name, labels] of Object.entries(toldValues)) {
    for (const sample of await samplesOf(registry, name)) {
      const key = keyOf(name, labels, sample)
      values[key] = (values[key] ?? 0) + sample.value
    }
  }
  const histograms: Record<string, number[]> = {}
  for (const [name, labels] of Object.entries(toldHistograms)) {
    const buckets = (await samplesOf(registry, name)).filter(
      ({ metricName }) => metricName === `${name}_bucket`,
    )
    for (const [key, counts] of byKey(name, labels, buckets)) histograms[key] = counts
  }
  return { values, histograms }
}

interface Sample extends MetricValue<string> {
  readonly metricName?: string
}

async function samplesOf(registry: Registry, name: string): Promise<Sample[]> {
  return (await registry.getSingleMetric(name)?.get())?.values ?? []
}

function keyOf(name: string, labels: readonly string[], sample: Sample): string {
  return [name, ...labels.map((label) => sample.labels[label] ?? '')].join('|')
}

/** The buckets of one histogram come in the order of their bounds. */
function byKey(
  name: string,
  labels: readonly string[],
  buckets: readonly Sample[],
): Map<string, number[]> {
  const found = new Map<string, number[]>()
  const bounds = [...new Set(buckets.map(({ labels: { le } }) => le))]
  for (const bucket of buckets) {
    const key = keyOf(name, labels, bucket)
    const counts = found.get(key) ?? bounds.map(() => 0)
    found.set(key, counts)
    const index = bounds.indexOf(bucket.labels.le)
    counts[index] = (counts[index] ?? 0) + bucket.value
  }
  return found
}
