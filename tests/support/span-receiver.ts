/** A collector: takes spans as OTLP over HTTP in JSON, and finds its way in them. */
import { eventually } from './eventually.ts'

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly kind: number
  readonly links: readonly string[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly isError: boolean
  readonly service: string
  readonly role: string
}

export interface SpanReceiver {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** All that was posted, as it came, with its headers. */
  readonly posts: readonly { readonly body: string; readonly headers: Headers }[]
  /** What every post is answered from now on; null: nothing. */
  answerWith(status: number | null): void
  ofTrace(traceId: string): ReceivedSpan[]
  /** Resolves with the spans of the trace once all these names are among them. */
  trace(traceId: string, names: readonly string[]): Promise<ReceivedSpan[]>
  stop(): Promise<void>
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: number
  readonly doubleValue?: number
  readonly boolValue?: boolean
}
type Pairs = readonly { readonly key: string; readonly value: Value }[]
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Pairs }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly kind: number
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
        readonly attributes: Pairs
        readonly status?: { readonly code?: number }
      }[]
    }[]
  }[]
}

function valuesOf(pairs: Pairs): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]))
}

export function startSpanReceiver(): SpanReceiver {
  const spans: ReceivedSpan[] = []
  const posts: { body: string; headers: Headers }[] = []
  let status: number | null = 200
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      if (status === null) return await new Promise<Response>(() => undefined)
      if (status !== 200) return new Response('no', { status })
      const body = await request.text()
      posts.push({ body, headers: request.headers })
      for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
        const of = valuesOf(resource.attributes)
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
          spans.push({
            name: span.name,
            traceId: span.traceId,
            spanId: span.spanId,
            parentSpanId: span.parentSpanId ?? null,
            kind: span.kind,
            links: (span.links ?? []).map((link) => link.traceId),
            attributes: valuesOf(span.attributes),
            isError: span.status?.code === 2,
            service: String(of['service.name']),
            role: String(of['sms.role']),
          })
        }
      }
      return Response.json({})
    },
  })
  const ofTrace = (traceId: string) => spans.filter((span) => span.traceId === traceId)
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    posts,
    answerWith(next) {
      status = next
    },
    ofTrace,
    async trace(traceId, names) {
      return await eventually(
        () => {
          const found = ofTrace(traceId)
          const missing = names.filter((name) => !found.some((span) => span.name === name))
          if (missing.length > 0) throw new Error(`no ${missing.join(', ')} so far`)
          return found
        },
        { what: 'the trace is whole' },
      )
    },
    stop: () => server.stop(true),
  }
}

/** The trace as a tree, a line each span. */
export function treeOf(spans: readonly ReceivedSpan[], root: string): string {
  const lines: string[] = []
  function add(parent: string, indent: string): void {
    for (const span of spans.filter(({ parentSpanId }) => parentSpanId === parent)) {
      lines.push(`${indent}${span.name} (${span.role})`)
      add(span.spanId, `${indent}  `)
    }
  }
  add(root, '')
  return lines.join('\n')
}
