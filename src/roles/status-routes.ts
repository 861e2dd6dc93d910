/** /health, /health/ready and /metrics for roles that serve nothing else. */
import type { Readiness } from './readiness.ts'

export interface StatusRoutesOptions {
  readonly readiness: Readiness
  readonly metricsText: () => Promise<string>
  /** That of the text format, unless given. */
  readonly metricsContentType?: string
}

const textContentType = 'text/plain; version=0.0.4; charset=utf-8'

export function createStatusRoutes({
  readiness,
  metricsText,
  metricsContentType = textContentType,
}: StatusRoutesOptions) {
  return async function statusRoutes(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/health') return Response.json({ status: 'ok' })
    if (pathname === '/health/ready') {
      const { ready, checks } = await readiness.check()
      return Response.json(
        { status: ready ? 'ok' : 'unavailable', checks },
        { status: ready ? 200 : 503 },
      )
    }
    if (pathname === '/metrics') {
      return new Response(await metricsText(), { headers: { 'content-type': metricsContentType } })
    }
    return new Response('not found', { status: 404 })
  }
}

/** For the listener: these routes take no bodies. */
export const statusBodyBytesMax = 4_096
export const statusIdleSeconds = 75
export const statusStopGraceMs = 1_000
