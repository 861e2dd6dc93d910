import { expect, test } from 'bun:test'
import type { QueueDepth } from '../queue/queue.ts'
import { createAdmission } from './admission.ts'

const depthOf = (total: number): QueueDepth => ({
  total,
  pending: 0,
  oldestAgeMs: null,
  shareAgesMs: [],
})

test('a lane over its limit is refused until it has drained', async () => {
  const totals = { normal: 10, express: 10 }
  const admission = createAdmission({ depth: async (lane) => depthOf(totals[lane]) }, 10)
  await admission.measure()
  expect(admission.refusal('normal')).toBe(null)

  totals.normal = 11
  await admission.measure()
  expect(admission.refusal('normal')?.kind).toBe('overloaded')
  expect(admission.refusal('express')).toBe(null)

  totals.normal = 10
  await admission.measure()
  expect(admission.refusal('normal')).toBe(null)
})

test('a lane is admitted while its depth is not known', async () => {
  let fails = false
  const queue = {
    async depth() {
      if (fails) throw new Error('queue away')
      return depthOf(11)
    },
  }
  const admission = createAdmission(queue, 10)
  expect(admission.refusal('normal')).toBe(null)
  await admission.measure()
  expect(admission.refusal('normal')).not.toBe(null)
  fails = true
  await admission.measure()
  expect(admission.refusal('normal')).toBe(null)
})
