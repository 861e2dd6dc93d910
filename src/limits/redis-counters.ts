/** Counters that all processes share, in Redis. */
import { hash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible'
import { type Counters, type Demand, givenBack, grantOf } from './counters.ts'

export interface RedisCountersOptions {
  /** One that fails at once while there is no connection, and bounds how long it waits for an answer. */
  readonly connection: {
    readonly client: Redis
    run<Result>(work: () => Promise<Result>): Promise<Result>
    close(): Promise<void>
  }
  /** Of all keys. Who has another one counts for itself. */
  readonly keyPrefix: string
}

/**
 * In place of the library's own script, which goes on counting beyond the limit: then a limit that is raised would be used up
 * already by what was refused. What is given back never makes less than nothing of a window that has just begun.
 */
const script = `
local used = tonumber(redis.call('get', KEYS[1]) or '0')
local wanted = tonumber(ARGV[1])
local taken = math.max(math.min(wanted, math.max(0, tonumber(ARGV[3]) - used)), -used)
if taken ~= 0 then
  redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
  redis.call('incrby', KEYS[1], taken)
end
local ttl = redis.call('pttl', KEYS[1])
if ttl == -1 then redis.call('expire', KEYS[1], ARGV[2]) end
if ttl < 0 then ttl = 1000 * ARGV[2] end
return {used + wanted, ttl}
`

/** Limits and windows in use; with more, those that are not used for longest are made again. */
const limitersMax = 1_000
/** Commands that go out together: with more, a batch to many destinations would keep everything else in this process waiting. */
const commandsMax = 1_000

export function createRedisCounters({ connection, keyPrefix }: RedisCountersOptions): Counters {
  const limiters = new Map<string, RateLimiterRedis>()

  /** The library has one limit and one window a limiter. */
  function limiterOf({ limit, windowS }: Demand): RateLimiterRedis {
    const name = `${limit} ${windowS}`
    const known = limiters.get(name)
    if (known !== undefined) return known
    const made = new RateLimiterRedis({
      storeClient: connection.client,
      keyPrefix,
      points: limit,
      duration: windowS,
      customIncrTtlLuaScript: script,
    })
    const [oldest = name] = limiters.keys()
    if (limiters.size >= limitersMax) limiters.delete(oldest)
    limiters.set(name, made)
    return made
  }

  async function inSteps<Item>(
    items: readonly Item[],
    send: (item: Item) => Promise<RateLimiterRes>,
  ): Promise<RateLimiterRes[]> {
    const results: RateLimiterRes[] = []
    for (let start = 0; start < items.length; start += commandsMax) {
      const step = items.slice(start, start + commandsMax)
      results.push(...(await connection.run(() => Promise.all(step.map(send)))))
    }
    return results
  }

  async function take(demands: readonly Demand[]) {
    const results = await inSteps(demands, (demand) =>
      limiterOf(demand).penalty(keyOf(demand), demand.count),
    )
    return demands.map((demand, place) => {
      const { consumedPoints, msBeforeNext } = results[place] as RateLimiterRes
      return grantOf(demand, consumedPoints, msBeforeNext)
    })
  }

  async function giveBack(unused: readonly (readonly [Demand, number])[]): Promise<void> {
    try {
      await inSteps(unused, ([demand, count]) => limiterOf(demand).reward(keyOf(demand), count))
    } catch {
      // It is counted until the window ends.
    }
  }

  return {
    take: async (demands) => ({
      grants: await take(demands),
      isShared: true,
      giveBack: (unused) => giveBack(givenBack(demands, unused)),
    }),
    giveBack,
    close: () => connection.close(),
  }
}

/** No number of a recipient is to be read in a server's keys. */
function keyOf({ key, isOfDestination }: Demand): string {
  if (!isOfDestination) return key
  return `destination:${hash('sha256', key, 'base64url').slice(0, 22)}`
}
