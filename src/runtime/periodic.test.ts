import { expect, test } from 'bun:test'
import { createPeriodic } from './periodic.ts'

test('runs again at once while there is more, goes on after a failure, and stops', async () => {
  const errors: unknown[] = []
  let runs = 0
  let reached: () => void = () => undefined
  const third = new Promise<void>((resolve) => {
    reached = resolve
  })
  const chore = createPeriodic({
    name: 'test',
    intervalMs: 1,
    run: async () => {
      runs++
      if (runs === 1) return true
      if (runs === 2) throw new Error('once')
      reached()
      return undefined
    },
    onError: (error) => errors.push(error),
  })
  await chore.start()
  await third
  await chore.stop()
  const runsAtStop = runs
  expect(runsAtStop).toBeGreaterThanOrEqual(3)
  expect(errors.length).toBe(1)
  await chore.stop()
  expect(runs).toBe(runsAtStop)
})

test('stopping what never started is fine', async () => {
  const chore = createPeriodic({
    name: 'test',
    intervalMs: 1,
    run: async () => undefined,
    onError: () => undefined,
  })
  await chore.stop()
})
