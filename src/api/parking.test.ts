import { expect, test } from 'bun:test'
import { createParking } from './parking.ts'

test('there is room up to the limit, by the last measurement that succeeded', async () => {
  let count: number | null = 9
  const store = {
    async measureParkedReports() {
      if (count === null) throw new Error('database away')
      return { count, oldestAgeMs: 0 }
    },
  }
  const parking = createParking(store, 10)
  expect(parking.hasRoom()).toBe(true)
  await parking.measure()
  expect(parking.hasRoom()).toBe(true)
  count = 10
  await parking.measure()
  expect(parking.hasRoom()).toBe(false)
  count = null
  await expect(parking.measure()).rejects.toThrow('database away')
  expect(parking.hasRoom()).toBe(false)
  count = 9
  await parking.measure()
  expect(parking.hasRoom()).toBe(true)
})
