import { expect, test } from 'bun:test'
import { createHangs } from './hangs.ts'

test('a hang ends with its client', async () => {
  const hangs = createHangs()
  const client = new AbortController()
  const answer = hangs.hold(client.signal)
  expect(hangs.size).toBe(1)
  client.abort()
  await answer
  expect(hangs.size).toBe(0)
})

test('a client that is gone already does not hang', async () => {
  const hangs = createHangs()
  await hangs.hold(AbortSignal.abort())
  expect(hangs.size).toBe(0)
})

test('past the maximum the oldest ends', async () => {
  const hangs = createHangs(2)
  const signal = new AbortController().signal
  const oldest = hangs.hold(signal)
  void hangs.hold(signal)
  void hangs.hold(signal)
  await oldest
  expect(hangs.size).toBe(2)
})

test('a release ends them all', async () => {
  const hangs = createHangs()
  const signal = new AbortController().signal
  const answers = [hangs.hold(signal), hangs.hold(signal)]
  hangs.release()
  await Promise.all(answers)
  expect(hangs.size).toBe(0)
})
