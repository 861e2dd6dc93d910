/** What an API process counts. Labels are lanes, route patterns, configured providers and fixed words only. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { lanes } from '../domain/message.ts'
import {
  batchSizeBuckets,
  latencyBucketsSeconds,
  mayHaveExemplars,
  startAtZero,
} from '../runtime/metrics.ts'

export const refusalReasons = [
  'invalid',
  'unauthorized',
  'idempotency',
  'balance',
  'opted_out',
  'queue_full',
  'limited',
  'pumping',
  'in_flight_full',
  'database',
  'bodies_full',
  'too_large',
  'too_slow',
  'stopping',
  'failure',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

export interface ApiMetrics {
  readonly accepted: Counter<'lane'>
  readonly refused: Counter<'reason'>
  readonly replayed: Counter
  readonly acceptDuration: Histogram<'kind'>
  readonly acceptBatchSize: Histogram
  readonly enqueueFailures: Counter<'lane'>
  readonly reportsReceived: Counter<'provider' | 'status'>
  readonly reportsMatched: Counter
  readonly reportsParked: Counter
  readonly reportsRefused: Counter
  readonly reportsUnauthorized: Counter<'provider' | 'reason'>
  readonly reportBatchSize: Histogram
  readonly deadLettersReplayed: Counter
  readonly deadLettersPurged: Counter
  readonly requests: Counter<'route' | 'method' | 'status'>
  readonly requestDuration: Histogram<'route'>
}

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry]
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[] = [],
  ): Counter<L> => new Counter({ name, help, labelNames, registers })
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[] = [],
  ): Histogram<L> => new Histogram({ name, help, buckets, labelNames, registers })
  const durations = latencyBucketsSeconds
  const sizes = batchSizeBuckets

  return {
    accepted: startAtZero(
      counter('sms_accepted_total', 'Messages committed and answered for.', ['lane']),
      { lane: lanes },
    ),
    refused: startAtZero(
      counter('sms_refused_total', 'Messages not accepted, by cause.', ['reason']),
      { reason: refusalReasons },
    ),
    replayed: counter(
      'sms_idempotent_replays_total',
      'Requests answered again with what their idempotency key was answered first.',
    ),
    acceptDuration: new Histogram({
      name: 'sms_accept_duration_seconds',
      help: 'From the start of a submit to its commit.',
      buckets: durations,
      labelNames: ['kind'],
      registers,
      enableExemplars: mayHaveExemplars(registry),
    }),
    acceptBatchSize: histogram('sms_accept_batch_size', 'Messages in one commit.', sizes),
    enqueueFailures: startAtZero(
      counter(
        'sms_enqueue_failures_total',
        'Accepted messages the queue did not take; the sweep enqueues them.',
        ['lane'],
      ),
      { lane: lanes },
    ),
    reportsReceived: counter('sms_reports_received_total', "Providers' reports, valid ones.", [
      'provider',
      'status',
    ]),
    reportsMatched: counter('sms_reports_matched_total', 'Reports whose message was known.'),
    reportsParked: counter('sms_reports_parked_total', 'Reports put aside for later.'),
    reportsRefused: counter(
      'sms_reports_refused_total',
      'Reports that matched nothing while too many were parked.',
    ),
    reportsUnauthorized: counter(
      'sms_reports_unauthorized_total',
      "Requests with reports whose credentials are missing or wrong. An unknown provider's have no name.",
      ['provider', 'reason'],
    ),
    reportBatchSize: histogram('sms_report_batch_size', 'Reports in one commit.', sizes),
    deadLettersReplayed: counter(
      'sms_dead_letters_replayed_total',
      'Dead letters sent again through this API.',
    ),
    deadLettersPurged: counter(
      'sms_dead_letters_purged_total',
      'Dead letters purged through this API.',
    ),
    requests: counter('http_requests_total', 'Requests answered.', ['route', 'method', 'status']),
    requestDuration: histogram('http_request_duration_seconds', 'One request.', durations, [
      'route',
    ]),
  }
}
