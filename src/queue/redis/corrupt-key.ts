/** A key that is no stream is moved out of the way, to `<stream>:corrupt-key`, where an operator can look at it. */
import type { Redis } from 'ioredis'

/** Not a stream, and the place is free: one command, because another process may do the same, and then use a new stream. */
const moveKey = `
  local kind = redis.call('TYPE', KEYS[1]).ok
  if kind == 'stream' or kind == 'none' then return 0 end
  return redis.call('RENAMENX', KEYS[1], KEYS[2])`

/**
 * Moves a key that is no stream. One such key is kept; while it is there, another stays where it is.
 * @returns where it is now, or null when it was not moved
 */
export async function setKeyAside(client: Redis, stream: string): Promise<string | null> {
  const place = `${stream}:corrupt-key`
  return (await client.eval(moveKey, 2, stream, place)) === 1 ? place : null
}
