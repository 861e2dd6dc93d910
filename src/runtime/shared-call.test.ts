import { expect, test } from 'bun:test'
import { eventually } from '../../tests/support/eventually.ts'
import { createSharedCall } from './shared-call.ts'

test('who asks while it is under way gets the same answer; later ones a new one', async () => {
  const calls: PromiseWithResolvers<number>[] = []
  const shared = createSharedCall(() => {
    const call = Promise.withResolvers<number>()
    calls.push(call)
    return call.promise
  }, 5)
  const both = [shared(), shared()]
  expect(calls).toHaveLength(1)
  calls[0]?.resolve(1)
  expect(await Promise.all(both)).toEqual([1, 1])
  expect(await shared()).toBe(1)
  const askAgain = () => {
    void shared().catch(() => undefined)
    return calls[1]
  }
  const later = await eventually(askAgain, { what: 'it is asked anew' })
  later.reject(new Error('away'))
  await expect(shared()).rejects.toThrow('away')
})
