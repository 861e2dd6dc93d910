/** Webhooks: what customers are told, how often it is tried, and where it may be sent. */
import { dayMs } from '../../domain/duration.ts'
import { addressRange } from '../../domain/outbound-address.ts'
import { choice, listOf, wholeNumber } from '../parsers.ts'
import { optional, setting } from '../setting.ts'

const waitSMax = 7 * 86_400
const waitsMax = 30
const rangesMax = 100

function waitOf(text: string): number | undefined {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  return seconds <= waitSMax ? seconds : undefined
}

export const webhooks = {
  retryScheduleS: setting(
    'WEBHOOK_RETRY_SCHEDULE_S',
    listOf(`up to ${waitsMax} whole numbers from 0 to ${waitSMax}`, waitsMax, waitOf),
    '5,300,1800,7200,18000,36000,50400,72000,86400',
    'Waits between the attempts to deliver a webhook; up to a fifth longer. After the last attempt it has failed.',
    { unit: 's' },
  ),
  timeoutMs: setting(
    'WEBHOOK_TIMEOUT_MS',
    wholeNumber(100, 120_000),
    '20000',
    'Time limit of an attempt.',
    { unit: 'ms' },
  ),
  concurrencyMax: setting(
    'WEBHOOK_CONCURRENCY_MAX',
    wholeNumber(2, 10_000),
    '500',
    'Attempts under way at once, per process.',
    { unit: 'webhooks' },
  ),
  endpointConcurrencyMax: setting(
    'WEBHOOK_ENDPOINT_CONCURRENCY_MAX',
    wholeNumber(1, 1_000),
    '10',
    'Of these, at one endpoint.',
    { unit: 'webhooks' },
  ),
  disableAfterMs: setting(
    'WEBHOOK_DISABLE_AFTER_MS',
    wholeNumber(1_000, 90 * dayMs),
    String(5 * dayMs),
    'An endpoint where every attempt has failed for so long is disabled.',
    { unit: 'ms' },
  ),
  backlogMax: setting(
    'WEBHOOK_BACKLOG_MAX',
    wholeNumber(1, 100_000_000),
    '1000000',
    'An endpoint for which more than this waits is disabled.',
    { unit: 'webhooks' },
  ),
  retentionDays: setting(
    'WEBHOOK_RETENTION_DAYS',
    wholeNumber(1, 365),
    '7',
    'Deliveries older than this are removed from the history.',
    { unit: 'days' },
  ),
  plainHttp: setting(
    'WEBHOOK_PLAIN_HTTP',
    choice(['off', 'on']),
    'off',
    'Whether endpoints may be http:// as well: for development.',
  ),
  allowedAddresses: optional(
    'WEBHOOK_ALLOWED_ADDRESSES',
    listOf(
      `up to ${rangesMax} addresses or networks in CIDR notation, with commas between them`,
      rangesMax,
      addressRange,
    ),
    'Addresses that are not public and may be sent to all the same. Unset: none, because customers choose where to.',
  ),
}
