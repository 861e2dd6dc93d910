/** Relations between settings, each with the reason why it must hold. */
import type { Config, Fault, Role } from './config.ts'

/** Between the end of a submit and the end of its claim: time to record what became of it. */
const settleMarginMs = 5_000
/** Between the time limit of an INSERT and the first look of the sweep. */
const sweepMarginMs = 2_000

export function crossFieldFaults(config: Config, role: Role): Fault[] {
  const { processing, circuit, providers, streams } = config
  const faults: Fault[] = []
  const must = (holds: boolean, name: string, detail: string): void => {
    if (!holds) faults.push({ name, detail })
  }

  must(streams.normal !== streams.express, 'QUEUE_EXPRESS_NAME', 'must differ from QUEUE_NAME')
  must(
    processing.permitsExpressReserved < processing.permitsMax,
    'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    'must be below PROCESSOR_PERMITS_MAX, or normal messages are never sent',
  )
  must(
    processing.retryBackoffBaseMs <= processing.retryBackoffMsMax,
    'RETRY_BACKOFF_BASE_MS',
    'must not be above RETRY_BACKOFF_MAX_MS',
  )
  must(
    circuit.openMs <= circuit.openMsMax,
    'CIRCUIT_OPEN_MS',
    'must not be above CIRCUIT_OPEN_MS_MAX',
  )
  const slowest = providers.reduce((most, { timeoutMs }) => Math.max(most, timeoutMs), 0)
  must(
    processing.claimLeaseMs >= slowest + settleMarginMs,
    'CLAIM_LEASE_MS',
    `must be at least ${slowest + settleMarginMs}: the longest submit (${slowest} ms) and ${settleMarginMs} ms to record it, or live claims count as lost and messages are sent twice`,
  )
  must(
    processing.reclaimIdleMs > processing.claimLeaseMs,
    'QUEUE_RECLAIM_IDLE_MS',
    'must be above CLAIM_LEASE_MS, or entries are taken from consumers that are alive',
  )
  must(
    processing.sweepGraceMs >= config.postgres.statementTimeoutMs + sweepMarginMs,
    'SWEEP_GRACE_MS',
    `must be at least POSTGRES_STATEMENT_TIMEOUT_MS + ${sweepMarginMs}, or the sweep passes messages that are still being committed`,
  )
  must(
    role !== 'processor' || providers.length > 0,
    'PROVIDER_PRIMARY_URL',
    'a processor needs at least one provider: set PROVIDER_PRIMARY_URL, or PROVIDERS_FILE',
  )
  must(
    providers.length === 0 || providers.some(({ weight }) => weight > 0),
    'PROVIDER_PRIMARY_WEIGHT',
    'at least one provider must have a weight above 0',
  )
  return faults
}
