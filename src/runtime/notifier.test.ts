import { test } from 'bun:test'
import { createNotifier, pause } from './notifier.ts'

const never = new AbortController().signal

test('notify wakes all who wait', async () => {
  const notifier = createNotifier()
  const waits = Promise.all([notifier.wait(never), notifier.wait(never)])
  notifier.notify()
  await waits
})

test('an abort ends a wait, before it or during it', async () => {
  const notifier = createNotifier()
  const abort = new AbortController()
  const wait = notifier.wait(abort.signal)
  abort.abort()
  await wait
  await notifier.wait(abort.signal)
  await pause(60_000, abort.signal)
})

test('a time limit ends a wait', async () => {
  await createNotifier().wait(never, 1)
})
