/** A Redis queue over a test's own server, and what it reported. */

import type { Queue } from '../../../src/queue/queue.ts'
import { createRedisQueue, type RedisQueueOptions } from '../../../src/queue/redis/redis-queue.ts'

export const streams = { normal: 'sms:normal', express: 'sms:express' }

export interface ObservedQueue {
  readonly queue: Queue
  readonly changes: { up: boolean; error: Error | undefined }[]
  readonly corrupt: string[]
}

export function observeQueue(
  options: Partial<RedisQueueOptions> & { host: string; port: number },
): ObservedQueue {
  const changes: ObservedQueue['changes'] = []
  const corrupt: string[] = []
  const queue = createRedisQueue({
    streams,
    commandTimeoutMs: 1_000,
    onCorrupt: (lane, receipt, reason) => corrupt.push(`${lane} ${receipt} ${reason}`),
    onConnectionChange: (up, error) => changes.push({ up, error }),
    ...options,
  })
  return { queue, changes, corrupt }
}

/** What the promise was rejected with. @throws when it was not */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('this was expected to fail with an error')
}
