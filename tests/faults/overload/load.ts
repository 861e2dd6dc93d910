/** More load than a server can take, from a process of its own; what was accepted and what was refused, each with its times. */
import { join } from 'node:path'
import type { LatencyMs } from '../../../bench/load/load-plan.ts'

export interface OverloadPlan {
  /** `http://address:port/path`; an address, not a name. */
  readonly url: string
  /** JSON, the same in every request. */
  readonly body: string
  /** A request sent on a connection waits for its answer before the next one. */
  readonly connections: number
  /** Null is a closed loop: a connection that got its answer sends again. */
  readonly requestsPerSecond: number | null
  readonly durationMs: number
}

export interface Answers {
  readonly count: number
  /** From sending to the answer. */
  readonly latencyMs: LatencyMs
}

export interface OverloadResult {
  readonly elapsedMs: number
  /** 202 */
  readonly accepted: Answers
  /** 429 and 503 */
  readonly refused: Answers
  readonly refusedWithoutRetryAfter: number
  /** Other answers by status, and `broken` for connections that ended with a request on them. */
  readonly failures: Readonly<Record<string, number>>
}

/** What the generator's process tells. */
export type FromOverload =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: OverloadResult }

const program = join(import.meta.dir, 'load-process.ts')

/** @throws when the generator ends without a result */
export async function overload(plan: OverloadPlan): Promise<OverloadResult> {
  const { promise: done, resolve, reject } = Promise.withResolvers<OverloadResult>()
  const child = Bun.spawn([process.execPath, program], {
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'json',
    ipc(message: FromOverload) {
      if (message.kind === 'ready') child.send(plan)
      else resolve(message.result)
    },
    onExit: (_, exitCode) => reject(new Error(`the load generator ended with ${exitCode}`)),
  })
  try {
    return await done
  } finally {
    child.disconnect()
  }
}
