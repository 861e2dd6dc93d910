/**
 * Tracing as the parts of the gateway see it: spans that say where they belong by `traceparent`, in the form of W3C Trace Context
 * Level 1 §3.2. Whoever is given null instead of a `Tracing` traces nothing, at the cost of that look.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanOptions {
  readonly kind: 'server' | 'client' | 'internal'
  /** The `traceparent` that it belongs under; without one it begins a trace. */
  readonly parent?: string
  /** `traceparent`s of other traces that it is about. */
  readonly links?: readonly string[]
  readonly attributes?: Attributes
  /** In milliseconds since the Unix epoch; now, unless given. */
  readonly startedAtMs?: number
}

export interface Span {
  /** For what happens because of it. */
  readonly traceparent: string
  readonly traceId: string
  readonly spanId: string
  set(attributes: Attributes): void
  /** At most once. @param error what went wrong, without anything personal */
  end(error?: string): void
}

export interface Tracing {
  /** Whether what begins with this header, or without one (null), is traced. A header that is none counts as none. */
  isSampled(traceparent: string | null): boolean
  /** What is begun is told of: ask `isSampled` before, or go by a message's own `traceparent`. */
  begin(name: string, options: SpanOptions): Span
}

export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const none = /^0+$/

/** Null for what is no `traceparent`; of a later version what this one knows of it is read (§4.3). */
export function parseTraceparent(text: string | null): TraceContext | null {
  const match = traceparentPattern.exec(text ?? '')
  if (match === null) return null
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (none.test(traceId) || none.test(spanId)) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

/** Of a line of the log, so that it is found from its trace. */
export function traceFields(
  span: Pick<Span, 'traceId' | 'spanId'> | null,
): Readonly<Record<string, string>> {
  return span === null ? {} : { trace_id: span.traceId, span_id: span.spanId }
}

/** Links of a batch's span; of more, some are left out. */
const linksMax = 128

/** A span of many messages at once, linked to those that are traced; null when none is. */
export function beginBatch(
  tracing: Tracing | null,
  name: string,
  messages: readonly { readonly traceparent?: string | null }[],
  startedAtMs?: number,
): Span | null {
  if (tracing === null) return null
  const links: string[] = []
  for (const { traceparent } of messages) {
    if (traceparent === null || traceparent === undefined) continue
    if (links.push(traceparent) === linksMax) break
  }
  if (links.length === 0) return null
  return tracing.begin(name, {
    kind: 'internal',
    links,
    attributes: { 'messaging.batch.message_count': messages.length },
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
  })
}

/** A span for each report that has just moved a message that is traced, and one of the batch that it came in. */
export function traceReports(
  tracing: Tracing | null,
  reports: readonly {
    readonly traceparent: string
    readonly provider: string
    readonly status: string
  }[],
  startedAtMs: number,
): void {
  if (tracing === null || reports.length === 0) return
  beginBatch(tracing, 'report batch', reports, startedAtMs)?.end()
  for (const { traceparent, provider, status } of reports) {
    const attributes = { 'sms.provider': provider, 'sms.status': status }
    const options = { kind: 'internal', parent: traceparent, attributes, startedAtMs } as const
    tracing.begin('delivery report', options).end()
  }
}

/** Does the work within the span, where there is one; its failure is the span's. */
export async function within<T>(span: Span | null, work: () => Promise<T>): Promise<T> {
  if (span === null) return await work()
  try {
    const result = await work()
    span.end()
    return result
  } catch (error) {
    span.end(error instanceof Error ? error.name : 'error')
    throw error
  }
}
