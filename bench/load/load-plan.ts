/** What a load generator is told, and what it answers. */

export interface LoadPlan {
  /** `http://address:port/path`; an address, not a name. */
  readonly url: string
  /** JSON, the same in every request. */
  readonly body: string
  /** Further ones, such as `x-name: value`. */
  readonly headers: readonly string[]
  /** Whether each request has an idempotency key of its own. */
  readonly isKeyed: boolean
  readonly connections: number
  /** A request sent on a connection waits for its answer before the next one. */
  readonly requestsMax: number | null
  readonly durationMs: number | null
  /**
   * Null is a closed loop: a connection that got its answer sends again. A number is an open loop: requests fall due at this
   * rate whether answers come or not, and a latency counts from when the request fell due.
   */
  readonly requestsPerSecond: number | null
  /** Requests that may be sent before more are granted; null for no limit. */
  readonly requestsGranted: number | null
  /** Where the ids in the answers are written, one a line; null keeps none. */
  readonly idsPath: string | null
}

export interface LatencyMs {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface LoadResult {
  /** Answered with a status of 200 to 299. */
  readonly answered: number
  /** Other answers by status, and `broken` for connections that ended with a request on them. */
  readonly failures: Readonly<Record<string, number>>
  /** From the first request to the last answer. */
  readonly elapsedMs: number
  readonly latencyMs: LatencyMs
}

export type ToGenerator =
  | { readonly kind: 'start'; readonly plan: LoadPlan }
  /** The number of requests that may have been sent in all. */
  | { readonly kind: 'grant'; readonly requests: number }
  | { readonly kind: 'end' }

export type FromGenerator =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: LoadResult }
