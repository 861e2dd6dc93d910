/** Whether Redis may drop the streams when its memory is full. */
import type { RedisConnection } from './connection.ts'

/** The `volatile-` policies evict only keys that expire, and a stream of ours never does. */
const evictingPrefix = 'allkeys-'

/** The server's policy when it is one that evicts streams; null when not, or when the server does not tell. */
export async function evictingPolicy({ client, run }: RedisConnection): Promise<string | null> {
  try {
    const memory = await run(() => client.info('memory'))
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1]
    return policy?.startsWith(evictingPrefix) ? policy : null
  } catch {
    return null
  }
}
