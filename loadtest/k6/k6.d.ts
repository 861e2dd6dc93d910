/** The parts of k6's JavaScript API (version 1.x) that the scripts here use. They run in k6, not in Bun. */

declare module 'k6/http' {
  export interface Response {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    json(): unknown
  }
  /** Decides which answers count as failed. */
  export interface ResponseCallback {
    readonly kind: 'response callback'
  }
  export interface RequestParams {
    readonly headers?: Readonly<Record<string, string>>
    readonly tags?: Readonly<Record<string, string>>
    readonly responseCallback?: ResponseCallback
  }
  export function get(url: string, params?: RequestParams): Response
  export function post(url: string, body: string, params?: RequestParams): Response
  export function expectedStatuses(...statuses: number[]): ResponseCallback
  /** For all requests that have none of their own. */
  export function setResponseCallback(callback: ResponseCallback): void
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
