import { expect, test } from 'bun:test'
import { DeadlineError, withDeadline } from './deadline.ts'

test('passes on what comes in time, result or failure', async () => {
  expect(await withDeadline('work', 60_000, Promise.resolve(1))).toBe(1)
  expect(withDeadline('work', 60_000, Promise.reject(new Error('no')))).rejects.toThrow('no')
})

test('names what took too long', async () => {
  const never = new Promise<never>(() => undefined)
  const late = withDeadline('closing the pool', 1, never)
  expect(late).rejects.toBeInstanceOf(DeadlineError)
  expect(late).rejects.toThrow('closing the pool took longer than 1 ms')
})
