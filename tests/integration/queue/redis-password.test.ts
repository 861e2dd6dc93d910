import { afterAll, beforeAll, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { never, newIds } from '../../conformance/queue-entries.ts'
import { eventually } from '../../support/eventually.ts'
import { errorOf, observeQueue } from './redis-fixture.ts'
import { type RedisProcess, startRedisProcess } from './redis-process.ts'

const password = 'correct horse battery'
let redis: RedisProcess

beforeAll(async () => {
  redis = await startRedisProcess(password)
})
afterAll(() => redis.stop())

test('the password lets the queue and its readers in', async () => {
  const { queue, changes } = observeQueue({ ...redis, password })
  const ids = newIds(1)
  await queue.append('normal', ids)
  expect(await queue.reader('normal', 'a').read(1, 0, never)).toHaveLength(1)
  expect(changes).toEqual([{ up: true, error: undefined }])
  await queue.close()
})

test('a wrong password is said clearly, and appears in no error', async () => {
  const wrong = 'wrong-secret-42'
  const { queue, changes } = observeQueue({ ...redis, password: wrong })
  const errors = [
    await errorOf(queue.ping()),
    await errorOf(queue.append('normal', newIds(1))),
    await errorOf(queue.reader('normal', 'a').read(1, 0, never)),
  ]
  await eventually(() => changes.length === 1, { what: 'the failure is reported' })
  for (const error of errors) expect(error.message).toContain('WRONGPASS')
  const everything = inspect([errors, changes], { depth: 20, showHidden: true })
  expect(everything).toContain('WRONGPASS')
  expect(everything).not.toContain(wrong)
  await queue.close()
})

test('a missing password is said clearly', async () => {
  const { queue } = observeQueue(redis)
  expect((await errorOf(queue.ping())).message).toContain('NOAUTH')
  await queue.close()
})
