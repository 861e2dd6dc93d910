import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { endlessMs, idsOf, never, newIds } from '../../conformance/queue-entries.ts'
import { eventually } from '../../support/eventually.ts'
import { errorOf, observeQueue, streams } from './redis-fixture.ts'
import { freePort, type RedisProcess, startRedisProcess } from './redis-process.ts'

let redis: RedisProcess
let observed: ReturnType<typeof observeQueue>

beforeEach(async () => {
  redis = await startRedisProcess()
  observed = observeQueue(redis)
})
afterEach(async () => {
  redis.resume()
  await observed.queue.close()
  await redis.stop()
})

function untilUp(): Promise<unknown> {
  return eventually(() => observed.queue.ping().then(() => true), { what: 'the queue is back' })
}

test('without Redis at the start everything fails clearly, and works once it is there', async () => {
  await redis.stop()
  const { host, port } = redis
  const { queue, changes } = observeQueue({ host, port })
  try {
    const reader = queue.reader('normal', 'a')
    const unreachable = `Redis at ${host}:${port} cannot be reached`
    expect((await errorOf(queue.ping())).message).toContain(unreachable)
    expect((await errorOf(queue.append('normal', newIds(1)))).message).toContain(unreachable)
    expect((await errorOf(reader.read(1, endlessMs, never))).message).toContain(unreachable)
    expect((await errorOf(queue.depth('normal'))).message).toContain(unreachable)
    expect((await errorOf(queue.acknowledge('normal', ['1-1']))).message).toContain(unreachable)
    expect((await errorOf(queue.reclaim('normal', 'a', 0, 1))).message).toContain(unreachable)
    expect(changes.map((change) => change.up)).toEqual([false])
    expect(changes[0]?.error?.message).toContain(unreachable)

    await redis.start()
    const ids = newIds(2)
    await eventually(() => queue.append('normal', ids).then(() => true), { what: 'it is there' })
    const read = await eventually(() => reader.read(10, endlessMs, never), { what: 'it reads' })
    expect(idsOf(read)).toEqual(ids)
    expect(changes.map((change) => change.up)).toEqual([false, true])
  } finally {
    await queue.close()
  }
})

test('a reader and an append outlive a restart; nothing is kept back for later', async () => {
  const { queue, changes } = observed
  const reader = queue.reader('normal', 'a')
  const before = newIds(1)
  await queue.append('normal', before)
  expect(idsOf(await reader.read(10, 0, never))).toEqual(before)
  const waiting = errorOf(reader.read(10, endlessMs, never))
  await queue.ping()

  await redis.stop()
  expect((await waiting).message).toContain('cannot be reached')
  await eventually(() => changes.length === 2, { what: 'the loss is reported' })
  const failures = await Promise.allSettled(
    Array.from({ length: 200 }, () => queue.append('normal', newIds(100))),
  )
  expect(failures.every((failure) => failure.status === 'rejected')).toBe(true)
  expect((await errorOf(reader.read(10, endlessMs, never))).message).toContain('cannot be reached')

  await redis.start()
  await untilUp()
  expect((await queue.depth('normal')).total).toBe(0)
  const after = newIds(3)
  await queue.append('normal', after)
  const read = await eventually(() => reader.read(10, endlessMs, never), {
    what: 'the reader is back',
  })
  expect(idsOf(read)).toEqual(after)
  expect(changes.map((change) => change.up)).toEqual([true, false, true])
})

test('a server that hangs is an error, and is well again when it answers', async () => {
  const { queue } = observed
  await queue.ping()
  redis.pause()
  const errors = await Promise.all([
    errorOf(queue.ping()),
    errorOf(queue.append('normal', newIds(2_500))),
    errorOf(queue.depth('normal')),
  ])
  for (const error of errors) expect(error.message).toContain('cannot be reached')
  redis.resume()
  await untilUp()
})

test('an abort ends a wait even when the server hangs', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  const abort = new AbortController()
  const reading = reader.read(10, endlessMs, abort.signal)
  await eventually(async () => Number(await clientsBlocked()) === 1, { what: 'the reader waits' })
  redis.pause()
  abort.abort()
  expect(await reading).toEqual([])
  redis.resume()
  await untilUp()
  const ids = newIds(1)
  await queue.append('normal', ids)
  const read = await eventually(() => reader.read(10, 1_000, never), { what: 'it reads again' })
  expect(idsOf(read)).toEqual(ids)
})

test('an abort leaves the connection as it is', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  await reader.read(1, 0, never)
  const before = await readerIds()
  expect(before).toHaveLength(1)
  for (let round = 0; round < 5; round++) {
    const abort = new AbortController()
    const reading = reader.read(10, endlessMs, abort.signal)
    await eventually(async () => Number(await clientsBlocked()) === 1, { what: 'the reader waits' })
    abort.abort()
    expect(await reading).toEqual([])
  }
  expect(await readerIds()).toEqual(before)
})

test('a reader whose connection is killed says so, and goes on; what it held is reclaimed', async () => {
  const { queue } = observed
  const reader = queue.reader('normal', 'a')
  const ids = newIds(2)
  await queue.append('normal', ids)
  expect(idsOf(await reader.read(10, 0, never))).toEqual(ids)
  const waiting = errorOf(reader.read(10, endlessMs, never))
  await eventually(async () => Number(await clientsBlocked()) === 1, { what: 'the reader waits' })
  for (const id of await readerIds()) await redis.command('CLIENT', 'KILL', 'ID', id)
  expect((await waiting).message).toContain('cannot be reached')
  const more = newIds(1)
  await queue.append('normal', more)
  const read = await eventually(() => reader.read(10, endlessMs, never), { what: 'it is back' })
  expect(idsOf(read)).toEqual(more)
  expect(idsOf(await queue.reclaim('normal', 'b', 0, 10))).toEqual([...ids, ...more])
})

test('a primary that became a replica is left for a new connection', async () => {
  const { queue, changes } = observed
  await queue.append('normal', newIds(1))
  await redis.command('REPLICAOF', redis.host, await freePort(redis.host))
  expect((await errorOf(queue.append('normal', newIds(3)))).message).toContain('READONLY')
  await eventually(() => changes.length >= 3, { what: 'a new connection' })
  expect(changes.slice(0, 3).map((change) => change.up)).toEqual([true, false, true])
  await redis.command('REPLICAOF', 'NO', 'ONE')
  await eventually(() => queue.append('normal', newIds(1)).then(() => true), { what: 'it writes' })
  expect((await queue.depth('normal')).total).toBe(2)
  expect(await redis.command('EXISTS', streams.express)).toBe(0)
})

test('something that listens and never speaks is not waited for', async () => {
  const silent = createServer()
  const port = await freePort(redis.host)
  await new Promise<void>((resolve) => silent.listen(port, redis.host, resolve))
  const { queue } = observeQueue({ host: redis.host, port, commandTimeoutMs: 200 })
  try {
    expect((await errorOf(queue.ping())).message).toContain('cannot be reached')
    expect((await errorOf(queue.append('normal', newIds(1)))).message).toContain(
      'cannot be reached',
    )
  } finally {
    await queue.close()
    silent.close()
  }
})

test('close resolves while Redis is away, and while it hangs', async () => {
  const hanging = observeQueue({ ...redis, commandTimeoutMs: 300 })
  const away = observeQueue({ host: redis.host, port: await freePort(redis.host) })
  const reading = hanging.queue.reader('normal', 'a').read(1, endlessMs, never)
  await hanging.queue.ping()
  await errorOf(away.queue.ping())
  redis.pause()
  await hanging.queue.close()
  await away.queue.close()
  expect(await reading).toEqual([])
})

async function clientsBlocked(): Promise<string | undefined> {
  const info = String(await redis.command('INFO', 'clients'))
  return /blocked_clients:(\d+)/.exec(info)?.[1]
}

async function readerIds(): Promise<string[]> {
  const list = String(await redis.command('CLIENT', 'LIST'))
  const readers = list.split('\n').filter((line) => line.includes('name=sms-gateway-reader'))
  return readers.map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '')
}
