/** What runs the service asks it: is it alive, is it ready, what does it measure, what is its interface. */
import { jsonResponse, type Route } from './route.ts'

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, 'ok' | 'failing'>>
}

export interface ServiceRoutesOptions {
  readonly readiness: () => Promise<Readiness>
  readonly metricsText: () => Promise<string>
  readonly metricsContentType: string
  /** The OpenAPI document as JSON. */
  readonly openApiJson: () => string
}

export const healthPath = '/health'
export const readinessPath = '/health/ready'
export const metricsPath = '/metrics'
export const openApiPath = '/openapi.json'

export function serviceRoutes(options: ServiceRoutesOptions): Route[] {
  async function ready(): Promise<Response> {
    const { ready, checks } = await options.readiness()
    const status = ready ? 'ok' : 'failing'
    return jsonResponse({ status, checks }, ready ? 200 : 503, unstored)
  }

  async function metrics(): Promise<Response> {
    const headers = { 'content-type': options.metricsContentType, ...unstored }
    return new Response(await options.metricsText(), { headers })
  }

  return [
    {
      method: 'GET',
      path: healthPath,
      isAlwaysAnswered: true,
      handle: () => jsonResponse({ status: 'ok' }, 200, unstored),
    },
    { method: 'GET', path: readinessPath, isAlwaysAnswered: true, handle: ready },
    { method: 'GET', path: metricsPath, isAlwaysAnswered: true, handle: metrics },
    {
      method: 'GET',
      path: openApiPath,
      handle: () =>
        new Response(options.openApiJson(), { headers: { 'content-type': 'application/json' } }),
    },
  ]
}

const unstored = { 'cache-control': 'no-store' }
