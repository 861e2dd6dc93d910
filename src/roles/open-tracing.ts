/** Tracing as a role's part: null when it is off, which is what everything else then looks at. */
import { hostname } from 'node:os'
import { Counter, type Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import type { Role } from '../config/role.ts'
import type { Logger } from '../runtime/logger.ts'
import { startAtZero } from '../runtime/metrics.ts'
import type { Service } from '../runtime/service.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createOtlpTracing } from '../tracing/otlp-tracing.ts'
import { version } from './build-info.ts'

export interface OpenTracing {
  readonly tracing: Tracing | null
  /** Exports what waits when it stops. */
  readonly service: Service
}

/** A collector that is away is told of no more often than this. */
const failureLogIntervalMs = 60_000
const defaultEndpoint = 'http://localhost:4318'

export function isTracingOn({ tracing }: Config): boolean {
  if (tracing.disabled === 'true') return false
  const { exporter, endpoint, tracesEndpoint } = tracing
  return exporter === null ? endpoint !== null || tracesEndpoint !== null : exporter === 'otlp'
}

export function openTracing(
  config: Config,
  role: Role,
  registry: Registry,
  logger: Logger,
): OpenTracing {
  const service = { name: 'tracing', start: async () => undefined }
  if (!isTracingOn(config)) return { tracing: null, service: { ...service, stop: service.start } }
  const { endpoint, tracesEndpoint, serviceName, resourceAttributes, headers, ...settings } =
    config.tracing
  const spans = new Counter({
    name: 'sms_spans_exported_total',
    help: 'Spans of traces, by whether the collector took them.',
    labelNames: ['result'],
    registers: [registry],
  })
  startAtZero(spans, { result: ['taken', 'failed'] })
  let failureSaidAtMs = Number.NEGATIVE_INFINITY
  const url = tracesEndpoint ?? `${(endpoint ?? defaultEndpoint).replace(/\/$/, '')}/v1/traces`
  const tracing = createOtlpTracing({
    ...settings,
    url,
    headers: headers ?? {},
    resource: {
      ...resourceAttributes,
      'service.name': serviceName,
      'service.version': version,
      'service.instance.id': `${hostname()}:${process.pid}`,
      'sms.role': role,
    },
    onExport(count, error) {
      spans.inc({ result: error === undefined ? 'taken' : 'failed' }, count)
      if (error === undefined) return
      const nowMs = performance.now()
      if (nowMs - failureSaidAtMs < failureLogIntervalMs) return
      failureSaidAtMs = nowMs
      logger.warn({ event: 'tracing.export_failed', reason: error.message })
    },
  })
  return { tracing, service: { ...service, stop: () => tracing.close() } }
}
