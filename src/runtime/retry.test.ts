import { expect, test } from 'bun:test'
import { retry } from './retry.ts'

const failing = (times: number) => {
  let calls = 0
  return async () => {
    if (++calls <= times) throw new Error(`failure ${calls}`)
    return calls
  }
}
const failures: string[] = []
const options = {
  pauseMs: 1,
  pauseMsMax: 2,
  signal: new AbortController().signal,
  isFinal: (error: unknown) => String(error).includes('failure 3'),
  onFailure: (error: unknown, attempt: number) => failures.push(`${attempt}: ${error}`),
}

test('tries until it works, and tells of each failure', async () => {
  failures.length = 0
  expect(await retry(failing(2), options)).toBe(3)
  expect(failures).toEqual(['1: Error: failure 1', '2: Error: failure 2'])
})

test('gives up at a final failure', async () => {
  await expect(retry(failing(9), options)).rejects.toThrow('failure 3')
})

test('an abort ends the pause, and the trying', async () => {
  const ending = new AbortController()
  const endless = { ...options, pauseMs: 3_600_000, pauseMsMax: 3_600_000, signal: ending.signal }
  const onFailure = () => setImmediate(() => ending.abort())
  await expect(retry(failing(9), { ...endless, onFailure })).rejects.toThrow('failure 2')
})
