/** What becomes of messages: accepting, sending, trying again, recovering, keeping. */
import { dayMs } from '../../domain/duration.ts'
import { segmentsMax } from '../../domain/segments.ts'
import { senderIdPattern } from '../../domain/sender-id.ts'
import { choice, decimal, matching, wholeNumber } from '../parsers.ts'
import { optional, setting, type Unit } from '../setting.ts'

function count(
  name: string,
  [min, max]: readonly [number, number],
  fallback: number,
  unit: Unit,
  description: string,
) {
  return setting(name, wholeNumber(min, max), String(fallback), description, { unit })
}

export const accept = {
  queueDepthMax: count(
    'QUEUE_DEPTH_MAX',
    [1, 1_000_000_000],
    2_000_000,
    'messages',
    'With more than this waiting in a lane, the API answers 503 for it.',
  ),
  acceptInFlightMax: count(
    'ACCEPT_IN_FLIGHT_MAX',
    // Below the size of the largest batch, one batch would keep all others out.
    [10_000, 1_000_000],
    20_000,
    'messages',
    'While so many messages are being accepted, per process, more are answered 503.',
  ),
  messageValidityMs: count(
    'MESSAGE_VALIDITY_MS',
    [1_000, 30 * dayMs],
    2 * dayMs,
    'ms',
    'A message not sent within this time expires.',
  ),
  segmentsMax: count(
    'SEGMENTS_MAX',
    [1, segmentsMax],
    30,
    'segments',
    'A message of more segments is refused.',
  ),
  smartEncoding: setting(
    'SMART_ENCODING',
    choice(['off', 'on']),
    'off',
    'Whether typography is replaced by its twins in the GSM alphabet, in messages that do not say.',
  ),
  senderIdDefault: optional(
    'SENDER_ID_DEFAULT',
    matching(
      'a number of E.164 with its plus sign, a short code of 3 to 8 digits, or 1 to 11 letters, digits, spaces, _ and - with at least one letter',
      senderIdPattern,
    ),
    'Sender id of messages that name none.',
  ),
}

export const processing = {
  permitsMax: count(
    'PROCESSOR_PERMITS_MAX',
    [1, 100_000],
    500,
    'messages',
    'Messages under way at once, per process.',
  ),
  permitsExpressReserved: count(
    'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    [0, 100_000],
    50,
    'messages',
    'Of these, kept for express messages.',
  ),
  retryAttemptsMax: count(
    'RETRY_ATTEMPTS_MAX',
    [1, 1_000],
    10,
    'attempts',
    'After this many attempts a message is a dead letter.',
  ),
  retryBackoffBaseMs: count(
    'RETRY_BACKOFF_BASE_MS',
    [1, 3_600_000],
    1_000,
    'ms',
    'Limit of the first wait before another attempt; doubles with each.',
  ),
  retryBackoffMsMax: count(
    'RETRY_BACKOFF_MAX_MS',
    [1, dayMs],
    600_000,
    'ms',
    'Limit of every wait.',
  ),
  reportTimeoutMs: count(
    'REPORT_TIMEOUT_MS',
    [1_000, 30 * dayMs],
    3 * dayMs,
    'ms',
    'A sent message without a final report becomes unknown after this time.',
  ),
  claimLeaseMs: count(
    'CLAIM_LEASE_MS',
    [1_000, 3_600_000],
    60_000,
    'ms',
    'A claim without a settlement for this long counts as lost.',
  ),
  sweepGraceMs: count(
    'SWEEP_GRACE_MS',
    [100, 3_600_000],
    20_000,
    'ms',
    'Messages younger than this are not looked at by the sweep.',
  ),
  sweepIntervalMs: count(
    'SWEEP_INTERVAL_MS',
    [10, 600_000],
    1_000,
    'ms',
    'Time between two sweeps.',
  ),
  promoteIntervalMs: count(
    'PROMOTE_INTERVAL_MS',
    [10, 60_000],
    250,
    'ms',
    'Time between two looks for messages that are due.',
  ),
  reclaimIdleMs: count(
    'QUEUE_RECLAIM_IDLE_MS',
    [100, 7_200_000],
    70_000,
    'ms',
    'Queue entries held this long without an acknowledgement are taken over.',
  ),
  retentionDays: count(
    'RETENTION_DAYS',
    [1, 3_650],
    30,
    'days',
    'Messages older than this are dropped, a day at a time.',
  ),
  inboundPartsTimeoutMs: count(
    'INBOUND_PARTS_TIMEOUT_MS',
    [1_000, 7 * dayMs],
    600_000,
    'ms',
    'An inbound message whose first part came longer ago is given on without the missing parts.',
  ),
  partitionsAheadDays: count(
    'PARTITIONS_AHEAD_DAYS',
    [1, 30],
    3,
    'days',
    'Partitions are made this many days ahead.',
  ),
  drainDelayMs: count(
    'DRAIN_DELAY_MS',
    [0, 120_000],
    0,
    'ms',
    'When stopping: time between "not ready" and closing, for a load balancer to notice.',
  ),
  stopGraceMs: count(
    'STOP_GRACE_MS',
    [0, 600_000],
    25_000,
    'ms',
    'When stopping: time for what is under way to end.',
  ),
  startTimeoutMs: count(
    'START_TIMEOUT_MS',
    [0, 3_600_000],
    30_000,
    'ms',
    'At start: how long to wait for PostgreSQL and Redis.',
  ),
}

export const circuit = {
  windowMs: count(
    'CIRCUIT_WINDOW_MS',
    [100, 3_600_000],
    10_000,
    'ms',
    'Outcomes this old are forgotten.',
  ),
  failureRatio: setting(
    'CIRCUIT_FAILURE_RATIO',
    decimal(0.01, 1),
    '0.5',
    'This share of failures in the window opens the circuit.',
  ),
  samplesMin: count(
    'CIRCUIT_SAMPLES_MIN',
    [1, 100_000],
    20,
    'submits',
    'Fewer outcomes than this never open it; as many failures in a row do.',
  ),
  openMs: count(
    'CIRCUIT_OPEN_MS',
    [10, 3_600_000],
    1_000,
    'ms',
    'Time until the first probe; doubles with each failed one.',
  ),
  openMsMax: count('CIRCUIT_OPEN_MS_MAX', [10, 3_600_000], 30_000, 'ms', 'Limit of that time.'),
}
