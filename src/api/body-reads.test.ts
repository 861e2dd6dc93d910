import { describe, expect, test } from 'bun:test'
import { createBodyReads } from './body-reads.ts'

const limits = { bytesMax: 100, smallReserveBytes: 20, smallBytesMax: 10, readMsMax: 60_000 }

describe('bytes', () => {
  test('past the limit nothing is read until another has ended, well or not', async () => {
    const reads = createBodyReads(limits)
    const first = Promise.withResolvers<string>()
    const second = Promise.withResolvers<string>()
    const running = [reads.run(50, () => first.promise), reads.run(30, () => second.promise)]
    expect(await reads.run(11, never)).toBe('full')
    first.resolve('read')
    expect(await running[0]).toBe('read')
    expect(await reads.run(50, async () => 'read too')).toBe('read too')
    second.reject(new Error('client left'))
    await expect(running[1]).rejects.toThrow('client left')
    expect(await reads.run(80, async () => 'all')).toBe('all')
  })

  test('large ones leave room for small ones, which may take it all', async () => {
    const reads = createBodyReads(limits)
    const end = Promise.withResolvers<string>()
    const large = reads.run(80, () => end.promise)
    expect(await reads.run(11, never)).toBe('full')
    expect(await reads.run(10, async () => 'small')).toBe('small')
    end.resolve('read')
    await large
    const small = Array.from({ length: 10 }, () => reads.run(10, never))
    expect(await reads.run(1, never)).toBe('full')
    expect(small).toHaveLength(10)
  })
})

test('what takes too long is late, and gives its bytes back', async () => {
  const reads = createBodyReads({ ...limits, readMsMax: 1 })
  expect(await reads.run(80, never)).toBe('late')
  expect(await reads.run(80, async () => 'read')).toBe('read')
})

const never = () => new Promise<string>(() => undefined)
