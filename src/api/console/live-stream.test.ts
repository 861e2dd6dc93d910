import { expect, test } from 'bun:test'
import { pino } from 'pino'
import { createLiveStream, streamsMax } from './live-stream.ts'

const logger = pino({ enabled: false })
const yes = async (): Promise<boolean> => true
const event = { name: 'figures', data: { a: 1 } }
const text = 'event: figures\ndata: {"a":1}\n\n'

test('begins with what it is given, goes on with what is sent, and ends', async () => {
  const stream = createLiveStream(logger)
  const answer = stream.open([event], yes)
  expect(answer?.headers.get('content-type')).toBe('text/event-stream')
  stream.send(event)
  stream.close()
  expect(await answer?.text()).toBe(text + text)
  expect(stream.open([], yes)).toBeNull()
})

test('ends for who may not watch any more, and for nobody while that cannot be found out', async () => {
  const stream = createLiveStream(logger)
  const ended = stream.open([], async () => false)
  const stays = stream.open([], async () => {
    throw new Error('the database is away')
  })
  for (let sends = 0; sends < 30; sends++) stream.send(event)
  expect(await ended?.text()).toBe(text.repeat(30))
  stream.send(event)
  stream.close()
  expect(await stays?.text()).toBe(text.repeat(31))
})

test('takes as many as it may, and a place is free again when one goes away', async () => {
  const stream = createLiveStream(logger)
  const answers = Array.from({ length: streamsMax }, () => stream.open([], yes))
  expect(answers).not.toContain(null)
  expect(stream.open([], yes)).toBeNull()
  await answers[0]?.body?.cancel()
  expect(stream.open([], yes)).not.toBeNull()
  stream.close()
})

test('who does not read is ended before much waits for it', async () => {
  const stream = createLiveStream(logger)
  const answer = stream.open([], yes)
  const large = { name: 'figures', data: 'x'.repeat(400_000) }
  for (let sends = 0; sends < 10; sends++) stream.send(large)
  expect((await answer?.text())?.length).toBeLessThan(1_700_000)
})
