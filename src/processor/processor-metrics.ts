/** What a processor counts. Labels are lanes, configured providers and fixed words only. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { lanes } from '../domain/message.ts'
import type { MessageState } from '../domain/message-state.ts'
import {
  batchSizeBuckets,
  latencyBucketsSeconds,
  mayHaveExemplars,
  startAtZero,
} from '../runtime/metrics.ts'
import type { Promotion } from '../store/recovery.ts'

const promotionActions = [
  'enqueue',
  'waiting',
  'expired',
  'unknown',
] as const satisfies readonly Promotion['action'][]
/** In which the sweep may find a row. */
const sweptStates = [
  'queued',
  'scheduled',
  'sending',
  'sent',
] as const satisfies readonly MessageState[]

const routeResults = ['moved', 'waiting', 'no_route'] as const

export interface ProcessorMetrics {
  /** Sets the gauges of permits and providers; called whenever they are read. */
  measureWith(measureNow: () => void): void
  readonly claimed: Counter<'lane'>
  readonly stale: Counter<'lane'>
  readonly routed: Counter<'lane' | 'result'>
  readonly submitted: Counter<'lane' | 'provider' | 'outcome'>
  readonly settled: Counter<'lane' | 'provider' | 'status'>
  readonly deadLettered: Counter<'lane'>
  readonly queueWait: Histogram<'lane'>
  readonly submitDuration: Histogram<'provider'>
  readonly batchSize: Histogram<'statement'>
  readonly recovered: Counter<'action' | 'lane'>
  readonly sweepFound: Counter<'lane' | 'status'>
  readonly settleRetries: Counter
  readonly parkedMatched: Counter
  readonly redacted: Counter
  readonly permitsInUse: Gauge
  readonly queueDepth: Gauge<'lane'>
  readonly queuePending: Gauge<'lane'>
  readonly oldestWaiting: Gauge<'lane'>
  readonly deadLetters: Gauge
  readonly deadLettersOldest: Gauge
  readonly parkedReports: Gauge
  readonly parkedReportsOldest: Gauge
  readonly circuitState: Gauge<'provider' | 'state'>
  readonly providerMode: Gauge<'provider' | 'mode'>
  readonly providerInFlight: Gauge<'provider'>
}

export function createProcessorMetrics(registry: Registry): ProcessorMetrics {
  const registers = [registry]
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[] = [],
  ): Counter<L> => new Counter({ name, help, labelNames, registers })
  let measure = (): void => undefined
  /** Of what this process knows at once: measured when it is asked for, so that nobody sees what was a second ago. */
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers, collect: () => measure() })
  /** Of what all processes share and each of them sees whole: with several, their values are not added up. */
  const sharedGauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[] = [],
  ): Gauge<L> => new Gauge({ name, help, labelNames, registers, aggregator: 'max' })
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[],
  ): Histogram<L> => new Histogram({ name, help, buckets, labelNames, registers })

  return {
    measureWith(measureNow) {
      measure = measureNow
    },
    claimed: startAtZero(
      counter('sms_claimed_total', 'Messages claimed for submitting.', ['lane']),
      { lane: lanes },
    ),
    stale: startAtZero(
      counter(
        'sms_stale_entries_total',
        'Queue entries whose message was not to be sent any more.',
        ['lane'],
      ),
      { lane: lanes },
    ),
    routed: startAtZero(
      counter(
        'sms_routed_total',
        'Claimed messages that could not stay where they were placed: moved to another provider, waiting for one that may have them, or without any.',
        ['lane', 'result'],
      ),
      { lane: lanes, result: routeResults },
    ),
    submitted: counter('sms_submitted_total', 'Submits to providers by outcome.', [
      'lane',
      'provider',
      'outcome',
    ]),
    settled: counter('sms_settled_total', 'Claimed messages settled, by the status they got.', [
      'lane',
      'provider',
      'status',
    ]),
    deadLettered: startAtZero(
      counter('sms_dead_lettered_total', 'Messages that failed for good.', ['lane']),
      { lane: lanes },
    ),
    queueWait: histogram(
      'sms_queue_wait_seconds',
      'From acceptance to the claim.',
      latencyBucketsSeconds,
      ['lane'],
    ),
    submitDuration: new Histogram({
      name: 'sms_submit_duration_seconds',
      help: 'One submit to a provider.',
      buckets: latencyBucketsSeconds,
      labelNames: ['provider'],
      registers,
      enableExemplars: mayHaveExemplars(registry),
    }),
    batchSize: histogram(
      'sms_statement_batch_size',
      'Messages in one statement.',
      batchSizeBuckets,
      ['statement'],
    ),
    recovered: startAtZero(
      counter('sms_recovered_total', 'Due rows decided by the promoter.', ['action', 'lane']),
      { action: promotionActions, lane: lanes },
    ),
    sweepFound: startAtZero(
      counter('sms_sweep_found_total', 'Rows the sweep found not final and gave a due time.', [
        'lane',
        'status',
      ]),
      { lane: lanes, status: sweptStates },
    ),
    settleRetries: counter(
      'sms_settle_retries_total',
      'Settlements that could not be recorded at once.',
    ),
    parkedMatched: counter(
      'sms_parked_reports_matched_total',
      'Parked reports whose message became known.',
    ),
    redacted: counter('sms_redacted_total', 'Messages whose text or number was redacted.'),
    permitsInUse: gauge('sms_permits_in_use', 'Messages under way in this process.'),
    queueDepth: sharedGauge('sms_queue_depth', 'Entries in the queue, read or unread.', ['lane']),
    queuePending: sharedGauge('sms_queue_pending', 'Entries held by consumers.', ['lane']),
    oldestWaiting: sharedGauge(
      'sms_queue_oldest_age_seconds',
      'Age of the oldest entry; 0 when the queue is empty.',
      ['lane'],
    ),
    deadLetters: sharedGauge('sms_dead_letters', 'Dead letters not replayed.'),
    deadLettersOldest: sharedGauge(
      'sms_dead_letters_oldest_age_seconds',
      'Since the death of the first that was not replayed; 0 when there is none.',
    ),
    parkedReports: sharedGauge('sms_parked_reports', 'Reports that wait for their message.'),
    parkedReportsOldest: sharedGauge(
      'sms_parked_reports_oldest_age_seconds',
      'Since the arrival of the first that waits for its message; 0 when there is none.',
    ),
    circuitState: gauge('sms_provider_circuit_state', 'One for the state the circuit is in.', [
      'provider',
      'state',
    ]),
    providerMode: gauge('sms_provider_mode', 'One for the mode the provider is in.', [
      'provider',
      'mode',
    ]),
    providerInFlight: gauge('sms_provider_in_flight', 'Submits under way.', ['provider']),
  }
}
