/** The load tests by name. */
import { runApacheBench } from './apache-bench.ts'
import { runAutocannon } from './autocannon.ts'
import { runK6 } from './k6.ts'

/** How much load; each scenario has those of its own, and options change them. */
export interface LoadSize {
  /** Messages a second. */
  readonly rate?: number
  readonly seconds?: number
  /** Messages in all. */
  readonly messages?: number
  readonly connections?: number
}

export interface LoadRun {
  readonly apiUrl: string
  /** Recipient of every message of this run. */
  readonly phone: string
  readonly size: LoadSize
  /** For what the tools write; made and empty. */
  readonly resultsDir: string
  /** Ends the tool. */
  readonly signal: AbortSignal
}

/** What a tool did and saw. */
export interface LoadResult {
  /** Messages answered with 202, as the tool counted them. */
  readonly acceptedCount: number
  /** Their ids; null from a tool that keeps no answers. */
  readonly ids: readonly string[] | null
  /** What did not hold, a sentence each. */
  readonly faults: readonly string[]
}

export interface Scenario {
  readonly summary: string
  /** With the default values. */
  readonly size: LoadSize
  readonly run: (run: LoadRun) => Promise<LoadResult>
  /** Limit of the 99th percentile from acceptance of an express message to its arrival at the operator. */
  readonly expressP99MsMax?: number
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  smoke: {
    summary: 'k6: every route a few times; are paths, fields and faults right?',
    size: { rate: 50, seconds: 5 },
    run: (run) => runK6('smoke', run),
  },
  sustained: {
    summary: 'k6: a steady rate, open loop; p99 of accept under 25 ms, none late, none failed',
    size: { rate: 1_000, seconds: 60 },
    run: (run) => runK6('sustained', run),
  },
  burst: {
    summary:
      'k6: batches faster than they can be sent, express in between; none waits for the others',
    size: { rate: 10_000, seconds: 10 },
    run: (run) => runK6('burst', run),
    expressP99MsMax: 250,
  },
  autocannon: {
    summary: 'autocannon: as fast as it goes, one message a POST, then 100 a POST',
    size: { messages: 50_000, connections: 64 },
    run: runAutocannon,
  },
  ab: {
    summary: 'ApacheBench: one message a POST, a connection each',
    size: { messages: 100_000, connections: 100 },
    run: runApacheBench,
  },
}
