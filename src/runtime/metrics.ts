/** Where metrics are registered. One registry a process; every part registers its own on it. */
import { type Counter, collectDefaultMetrics, type Histogram, Registry } from 'prom-client'

export type { Registry } from 'prom-client'

/**
 * Of the library's own metrics, those that say nothing, or nothing true, of this runtime: they are always 0, or tell of
 * another engine. `process_heap_bytes` is the address space that is reserved. (`nodejs_eventloop_lag_seconds` is 0 as well, but
 * its collection fills the other metrics of the lag.)
 */
const meaningless = [
  'process_heap_bytes',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_gc_duration_seconds',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_version_info',
]

/** A registry with the process's own metrics: CPU, memory, file descriptors, event-loop lag. */
export function createRegistry(format: 'text' | 'openmetrics' = 'text'): Registry {
  const registry = new Registry()
  if (format === 'openmetrics') registry.setContentType(openMetrics)
  collectDefaultMetrics({ register: registry })
  for (const name of meaningless) registry.removeSingleMetric(name)
  return registry
}

/** The library's types know of one format alone. */
const openMetrics =
  Registry.OPENMETRICS_CONTENT_TYPE as unknown as typeof Registry.PROMETHEUS_CONTENT_TYPE

/** Exemplars are of the OpenMetrics format alone. */
export function mayHaveExemplars(registry: Registry): boolean {
  return registry.contentType === openMetrics
}

/** Observes seconds, with the trace that they are an example of, where there is one and the histogram shows it. */
export function withExemplars<L extends string>(
  histogram: Histogram<L>,
  labels: Record<L, string>,
): (seconds: number, traceId: string | undefined) => void {
  const child = histogram.labels(labels)
  const shows = 'enableExemplars' in histogram && histogram.enableExemplars === true
  return (seconds, traceId) => {
    if (traceId === undefined || !shows) child.observe(seconds)
    else histogram.observe({ labels, value: seconds, exemplarLabels: exemplarOf(traceId) })
  }
}

/** The types take an exemplar's labels for the histogram's. */
const exemplarOf = (traceId: string) => ({ trace_id: traceId }) as Readonly<Record<never, string>>

/** Shows every combination of these labels from the start: what appears with its first event has no rate of it. */
export function startAtZero<L extends string>(
  counter: Counter<L>,
  labels: Readonly<Record<L, readonly string[]>>,
): Counter<L> {
  let combinations: Partial<Record<L, string>>[] = [{}]
  for (const [name, values] of Object.entries(labels) as [L, readonly string[]][]) {
    combinations = combinations.flatMap((combination) =>
      values.map((value) => ({ ...combination, [name]: value })),
    )
  }
  for (const combination of combinations) counter.inc(combination, 0)
  return counter
}

/** Bounds, in seconds, for everything from a commit to a provider's report. */
export const latencyBucketsSeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200,
]

export const batchSizeBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
