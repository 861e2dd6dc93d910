/** Streams of their own on the shared test Redis. */
import type { Environment } from './gateway.ts'

export function queueEnvironment(): Environment {
  const { TEST_REDIS_HOST } = process.env
  if (TEST_REDIS_HOST === undefined) {
    throw new Error('TEST_REDIS_HOST names the test server: run npm test')
  }
  const prefix = crypto.randomUUID()
  return {
    REDIS_HOST: TEST_REDIS_HOST,
    QUEUE_NAME: `${prefix}:normal`,
    QUEUE_EXPRESS_NAME: `${prefix}:express`,
  }
}
