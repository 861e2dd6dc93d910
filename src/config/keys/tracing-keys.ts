/** Tracing, by the names that OpenTelemetry gives its variables: "Environment Variable Specification" and "OTLP Exporter". */
import { samplers } from '../../domain/sampler.ts'
import { choice, decimal, httpUrl, oneFor, text, wholeNumber } from '../parsers.ts'
import { optional, setting } from '../setting.ts'

/** `key=value,key=value`, values percent-encoded (W3C Baggage, as the specification says). */
const pairs = oneFor(
  'pairs such as key=value,key=value',
  (given): Record<string, string> | undefined => {
    const found: Record<string, string> = {}
    for (const pair of given.split(',')) {
      if (pair.trim() === '') continue
      const at = pair.indexOf('=')
      const name = pair.slice(0, at).trim()
      if (at < 1 || !/^[\x21-\x7e]+$/.test(name)) return undefined
      try {
        found[name] = decodeURIComponent(pair.slice(at + 1).trim())
      } catch {
        return undefined
      }
    }
    return found
  },
)

export const tracing = {
  exporter: optional(
    'OTEL_TRACES_EXPORTER',
    choice(['otlp', 'none']),
    'Where spans go. Unset: to OTLP when an endpoint is set, and nowhere when none is.',
  ),
  disabled: setting(
    'OTEL_SDK_DISABLED',
    choice(['true', 'false']),
    'false',
    'Whether tracing is off, whatever else is set.',
  ),
  endpoint: optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    httpUrl,
    'Of a collector; spans are posted to /v1/traces there. Unset: http://localhost:4318.',
  ),
  tracesEndpoint: optional(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    httpUrl,
    'Where spans are posted to, as it is, in place of that.',
  ),
  protocol: setting(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    choice(['http/json']),
    'http/json',
    'How: JSON over HTTP, which every collector takes at the port of http/protobuf.',
  ),
  headers: optional(
    'OTEL_EXPORTER_OTLP_HEADERS',
    pairs,
    'Sent with every export; for its credentials.',
    { secret: true },
  ),
  timeoutMs: setting(
    'OTEL_EXPORTER_OTLP_TIMEOUT',
    wholeNumber(1, 600_000),
    '10000',
    'Time limit of an export.',
    { unit: 'ms' },
  ),
  serviceName: setting('OTEL_SERVICE_NAME', text, 'sms-gateway', 'What spans say they are of.'),
  resourceAttributes: optional(
    'OTEL_RESOURCE_ATTRIBUTES',
    pairs,
    'What else spans say of this installation.',
  ),
  sampler: setting(
    'OTEL_TRACES_SAMPLER',
    choice(samplers),
    'parentbased_always_on',
    'Which requests are traced; `parentbased_`: as their caller says, where it says anything.',
  ),
  samplerRatio: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    decimal(0, 1),
    '1',
    'Of the samplers with `traceidratio`: the share that is traced.',
  ),
  queueMax: setting(
    'OTEL_BSP_MAX_QUEUE_SIZE',
    wholeNumber(1, 1_000_000),
    '8192',
    'Spans that wait for their export; beyond that they are dropped.',
    { unit: 'spans' },
  ),
  exportSpansMax: setting(
    'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    wholeNumber(1, 100_000),
    '512',
    'Spans in one export.',
    { unit: 'spans' },
  ),
  exportDelayMs: setting(
    'OTEL_BSP_SCHEDULE_DELAY',
    wholeNumber(1, 600_000),
    '5000',
    'Time between two exports, while few spans wait.',
    { unit: 'ms' },
  ),
}
