/** The parts of k6's JavaScript API (k6.io, version 1.x) that the scripts here use. They run in k6, not in Bun. */

declare module 'k6/http' {
  interface Response {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | null
    json(): unknown
  }
  /** Decides which answers count as failed. */
  interface ResponseCallback {
    readonly kind: 'response callback'
  }
  interface RequestParams {
    readonly headers?: Readonly<Record<string, string>>
    readonly tags?: Readonly<Record<string, string>>
    readonly responseCallback?: ResponseCallback
  }
  interface Http {
    get(url: string, params?: RequestParams): Response
    post(url: string, body: string, params?: RequestParams): Response
    /** For all requests that have none of their own. */
    setResponseCallback(callback: ResponseCallback): void
    expectedStatuses(...statuses: number[]): ResponseCallback
  }
  const http: Http
  export default http
  export type { Response }
}

declare module 'k6/metrics' {
  export class Counter {
    constructor(name: string)
    add(value: number): void
  }
}

declare module 'k6' {
  /** Counts each named check; answers whether all held. */
  export function check<T>(value: T, checks: Record<string, (value: T) => boolean>): boolean
}

/** What `k6 run -e NAME=value` was given. */
declare const __ENV: Readonly<Record<string, string | undefined>>
