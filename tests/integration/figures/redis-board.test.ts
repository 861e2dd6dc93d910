/** Figures that processes tell each other through a real Redis. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test'
import type { FiguresBoard } from '../../../src/figures/figures-board.ts'
import type { ProcessFigures } from '../../../src/figures/process-figures.ts'
import { createRedisBoard } from '../../../src/figures/redis-board.ts'
import { createRedisConnection } from '../../../src/queue/redis/connection.ts'
import { errorOf } from '../queue/redis-fixture.ts'
import { type RedisProcess, startRedisProcess } from '../queue/redis-process.ts'

const key = 'a:figures'

let redis: RedisProcess
let opened: FiguresBoard[] = []
beforeAll(async () => {
  redis = await startRedisProcess()
})
afterAll(() => redis.stop())
beforeEach(() => redis.command('FLUSHALL'))
afterEach(async () => {
  redis.resume()
  await Promise.all(opened.splice(0).map((board) => board.close()))
})

function open(ofKey = key): FiguresBoard {
  const { host, port } = redis
  const connection = createRedisConnection({
    endpoint: { host, port, commandTimeoutMs: 500 },
    name: 'figures',
    blockMsMax: 0,
  })
  const board = createRedisBoard({ connection, key: ofKey })
  opened = [...opened, board]
  return board
}

const figures = (instance: string, sequence = 1): ProcessFigures => ({
  instance,
  role: 'api',
  version: '1.0.0',
  sequence,
  values: { sms_refused_total: 3 },
  histograms: { sms_accept_duration_seconds: [1, 2, 3] },
})

const byInstance = (a: ProcessFigures, b: ProcessFigures): number =>
  a.instance < b.instance ? -1 : 1

test('each instance is there with what it told last, until it withdraws', async () => {
  const [one, two, other] = [open(), open(), open('b:figures')]
  await one.tell(figures('a', 1))
  await one.tell(figures('a', 2))
  await two.tell(figures('b'))
  await other.tell(figures('c'))
  expect((await two.read()).sort(byInstance)).toEqual([figures('a', 2), figures('b')])
  await one.withdraw('a')
  expect(await two.read()).toEqual([figures('b')])
  expect(Number(await redis.command('TTL', key))).toBeGreaterThan(60)
})

test('what another process wrote, or broke, is left out', async () => {
  const board = open()
  await board.tell(figures('a'))
  const broken = [
    'no JSON',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...figures('x'), values: { a: 'b' } }),
    JSON.stringify({ ...figures('x'), histograms: { a: [1, null] } }),
    JSON.stringify({ ...figures('x'), sequence: 'x' }),
  ]
  for (const [index, text] of broken.entries()) {
    await redis.command('HSET', key, `broken ${index}`, text)
  }
  expect(await board.read()).toEqual([figures('a')])
})

test('who was killed is removed in the end, and who goes on stays', async () => {
  const board = open()
  await board.tell(figures('killed'))
  for (let sequence = 1; sequence < 70; sequence++) {
    await board.tell(figures('alive', sequence))
    await board.read()
  }
  expect(await board.read()).toEqual([figures('alive', 69)])
})

test('while Redis does not answer, telling and reading fail soon, and withdrawing does not', async () => {
  const board = open()
  await board.tell(figures('a'))
  redis.pause()
  expect(await errorOf(board.tell(figures('a', 2)))).toBeInstanceOf(Error)
  expect(await errorOf(board.read())).toBeInstanceOf(Error)
  await board.withdraw('a')
})
