import { expect, test } from 'bun:test'
import { createSharedCall } from './shared-call.ts'

test('who asks while it is under way gets the same answer; later ones a new one', async () => {
  const calls: PromiseWithResolvers<number>[] = []
  const shared = createSharedCall(() => {
    const call = Promise.withResolvers<number>()
    calls.push(call)
    return call.promise
  })
  const both = [shared(), shared()]
  expect(calls).toHaveLength(1)
  calls[0]?.resolve(1)
  expect(await Promise.all(both)).toEqual([1, 1])
  const later = shared()
  calls[1]?.reject(new Error('away'))
  await expect(later).rejects.toThrow('away')
  void shared()
  expect(calls).toHaveLength(3)
})
