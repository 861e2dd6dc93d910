/** Percentiles of measured times. */
import { percentile } from '../../loadtest/percentile.ts'
import type { LatencyMs } from './load-plan.ts'

/** Sorts `valuesMs`. */
export function latencySummary(valuesMs: number[]): LatencyMs {
  valuesMs.sort((a, b) => a - b)
  return {
    p50: percentile(valuesMs, 0.5),
    p99: percentile(valuesMs, 0.99),
    max: percentile(valuesMs, 1),
  }
}
