/** Consumers that are gone: every start of a processor makes a new one, and Redis keeps them all. */
import type { RedisConnection } from './connection.ts'

/** A processor that lives reads all the time, unless it has no room; forgotten all the same, it is made again by its next read. */
const idleMsMin = 3_600_000

/** In one step, for a consumer's pending entries go with it. What has any is kept for the reclaim. */
const forgetScript = `
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local fields = {}
    for place = 1, #consumer, 2 do fields[consumer[place]] = consumer[place + 1] end
    if fields.pending == 0 and fields.idle >= tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fields.name)
    end
  end`

/**
 * Removes consumers of the group that have nothing pending and were silent for `idleMs`. Never fails: without the group there are
 * none, and what could not be done is done at the next connection.
 */
export async function forgetIdleConsumers(
  { client, run }: RedisConnection,
  stream: string,
  group: string,
  idleMs = idleMsMin,
): Promise<void> {
  try {
    await run(() => client.eval(forgetScript, 1, stream, group, idleMs))
  } catch {
    // The stream or its group is missing, or Redis is away again.
  }
}
