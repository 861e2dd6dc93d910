import { afterAll, beforeAll } from 'bun:test'
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts'
import { type RedisProcess, startRedisProcess } from '../integration/queue/redis-process.ts'
import { describeQueue } from './queue-suite.ts'

/** `host:port` of a Redis that is there already; without it, one is started here. */
const shared = process.env.TEST_REDIS_HOST
let own: RedisProcess | undefined

beforeAll(async () => {
  if (shared === undefined) own = await startRedisProcess()
})
afterAll(() => own?.stop())

describeQueue('redis', async (onCorrupt) => {
  const prefix = `test:${Bun.randomUUIDv7()}`
  const [host = '', port = ''] = shared?.split(':') ?? []
  return createRedisQueue({
    host: own?.host ?? host,
    port: own?.port ?? Number(port),
    streams: { normal: `${prefix}:normal`, express: `${prefix}:express` },
    commandTimeoutMs: 5_000,
    onCorrupt,
  })
})
