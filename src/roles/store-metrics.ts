/** What a process counts of its store, whichever role uses it. */
import { Counter, Gauge, Histogram } from 'prom-client'
import { latencyBucketsSeconds, type Registry, startAtZero } from '../runtime/metrics.ts'
import { type ReadTarget, readTargets } from '../store/message-queries.ts'
import type { GivenUpReport, ReportedMessage } from '../store/report-matching.ts'

export interface StoreMetrics {
  countRead(target: ReadTarget): void
  /** Counts the messages that reports have brought to their end. */
  countReported(moved: readonly ReportedMessage[]): void
  countGivenUp(reports: readonly GivenUpReport[]): void
  /** Milliseconds, or null while the replica does not answer. */
  setReplicaLag(lagMs: number | null): void
}

export function createStoreMetrics(registry: Registry): StoreMetrics {
  const registers = [registry]
  const reads = new Counter({
    name: 'sms_reads_total',
    help: 'Reads by the server that answered.',
    labelNames: ['target'],
    registers,
  })
  startAtZero(reads, { target: readTargets })
  const lag = new Gauge({
    name: 'sms_replica_lag_seconds',
    help: 'How far the replica is behind; NaN while it does not answer. 0 without a replica.',
    registers,
    aggregator: 'max',
  })
  const final = new Counter({
    name: 'sms_final_total',
    help: 'Messages a report brought to a final status.',
    labelNames: ['lane', 'provider', 'status'],
    registers,
  })
  const acceptedToFinal = new Histogram({
    name: 'sms_accepted_to_final_seconds',
    help: 'From acceptance to the final status.',
    buckets: latencyBucketsSeconds,
    labelNames: ['lane', 'status'],
    registers,
  })
  const givenUp = new Counter({
    name: 'sms_parked_reports_given_up_total',
    help: 'Parked reports that found no message in time.',
    labelNames: ['provider'],
    registers,
  })
  return {
    countRead: (target) => reads.inc({ target }),
    countReported(moved) {
      for (const { lane, provider, status, acceptedToFinalMs } of moved) {
        final.inc({ lane, provider, status })
        acceptedToFinal.observe({ lane, status }, acceptedToFinalMs / 1_000)
      }
    },
    countGivenUp(reports) {
      for (const { provider } of reports) givenUp.inc({ provider })
    },
    setReplicaLag: (lagMs) => lag.set(lagMs === null ? Number.NaN : lagMs / 1_000),
  }
}
