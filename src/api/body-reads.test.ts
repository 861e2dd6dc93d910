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

describe('bytes that nobody announced', () => {
  test('are asked for as they come, and given back together', async () => {
    const reads = createBodyReads(limits)
    const end = Promise.withResolvers<void>()
    const first = reads.run(0, async (take) => {
      const answers = [take(10), take(40), take(40), take(1)]
      await end.promise
      return answers
    })
    expect(await reads.run(10, async () => 'small')).toBe('small')
    expect(await reads.run(0, async (take) => [take(10), take(1)])).toEqual([true, false])
    end.resolve()
    expect(await first).toEqual([true, true, true, false])
    expect(await reads.run(80, async () => 'all')).toBe('all')
  })
})

test('what takes too long is late, and holds its bytes until it ends', async () => {
  const reads = createBodyReads({ ...limits, readMsMax: 1 })
  const end = Promise.withResolvers<string>()
  expect(await reads.run(80, () => end.promise)).toBe('late')
  expect(await reads.run(80, never)).toBe('full')
  end.reject(new Error('the connection is closed'))
  await end.promise.catch(() => undefined)
  expect(await reads.run(80, async () => 'read')).toBe('read')
})

const never = () => new Promise<string>(() => undefined)
