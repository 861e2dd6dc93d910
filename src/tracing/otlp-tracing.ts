/** Spans by the SDK of OpenTelemetry, exported as OTLP over HTTP (JSON). */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { Sampler } from '../domain/sampler.ts'
import {
  type Attributes,
  parseTraceparent,
  type Span,
  type SpanOptions,
  type Tracing,
  traceparentOf,
} from '../runtime/tracing.ts'

export interface TracingSettings {
  /** Where spans are posted to. */
  readonly url: string
  /** May hold secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Of one export. */
  readonly timeoutMs: number
  readonly sampler: Sampler
  /** Of the samplers by ratio: the share that is traced, from 0 to 1. */
  readonly samplerRatio: number
  readonly resource: Attributes
  /** Spans that wait for their export; beyond that they are dropped. */
  readonly queueMax: number
  readonly exportSpansMax: number
  readonly exportDelayMs: number
}

export interface OtlpTracingOptions extends TracingSettings {
  readonly onExport: (spans: number, error: Error | undefined) => void
}

export interface OtlpTracing extends Tracing {
  /** Exports what waits, as far as that goes within `closeMsMax`. Never rejects. */
  close(): Promise<void>
}

/** A collector that does not answer must not keep a process from ending. */
export const closeMsMax = 2_000

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const

export function createOtlpTracing(options: OtlpTracingOptions): OtlpTracing {
  const exporter = new OTLPTraceExporter({
    url: options.url,
    headers: { ...options.headers },
    timeoutMillis: options.timeoutMs,
  })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(options.resource),
    // What is begun is wanted: `isSampled` has decided before.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor(counted(exporter, options.onExport), {
        maxQueueSize: options.queueMax,
        maxExportBatchSize: Math.min(options.exportSpansMax, options.queueMax),
        scheduledDelayMillis: options.exportDelayMs,
        exportTimeoutMillis: options.timeoutMs,
      }),
    ],
  })
  const tracer = provider.getTracer('sms-gateway')
  const byTraceId = new TraceIdRatioBasedSampler(options.samplerRatio)
  const isParentBased = options.sampler.startsWith('parentbased_')

  return {
    isSampled(traceparent) {
      const parent = parseTraceparent(traceparent)
      if (parent !== null && isParentBased) return parent.isSampled
      switch (options.sampler.replace('parentbased_', '')) {
        case 'always_on':
          return true
        case 'always_off':
          return false
        default: {
          if (parent === null) return Math.random() < options.samplerRatio
          const { decision } = byTraceId.shouldSample(ROOT_CONTEXT, parent.traceId)
          return decision !== 0
        }
      }
    },
    begin(name, { kind, parent, links, attributes, startedAtMs }: SpanOptions) {
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          ...(attributes === undefined ? {} : { attributes: { ...attributes } }),
          ...(links === undefined ? {} : { links: links.flatMap(toLink) }),
          ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
        },
        contextOf(parent),
      )
      const { traceId, spanId } = span.spanContext()
      return {
        traceparent: traceparentOf({ traceId, spanId, isSampled: true }),
        traceId,
        spanId,
        set: (more) => void span.setAttributes({ ...more }),
        end(error) {
          if (error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR, message: error })
            span.setAttribute('error.type', error)
          }
          span.end()
        },
      } satisfies Span
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const timedOut = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeMsMax)
      })
      await Promise.race([provider.shutdown().catch(() => undefined), timedOut])
      clearTimeout(timer)
    },
  }
}

/** Tells of each export how it went. */
function counted(exporter: SpanExporter, onExport: OtlpTracingOptions['onExport']): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        onExport(
          spans.length,
          result.code === 0 ? undefined : (result.error ?? new Error('failed')),
        )
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

function remote(traceparent: string): SpanContext | null {
  const context = parseTraceparent(traceparent)
  if (context === null) return null
  const { traceId, spanId } = context
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
}

function contextOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : remote(traceparent)
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
}

function toLink(traceparent: string): Link[] {
  const context = remote(traceparent)
  return context === null ? [] : [{ context }]
}
