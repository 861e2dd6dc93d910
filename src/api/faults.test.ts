import { expect, test } from 'bun:test'
import { z } from 'zod'
import { bodyFaults, faultsListedMax, invalidRequest, parameterFaults } from './faults.ts'

const schema = z.strictObject({
  list: z.array(z.strictObject({ 'a/b~c': z.number({ error: 'must be a number' }) })),
})
const errorOf = (value: unknown): z.ZodError => {
  const { error } = schema.safeParse(value)
  if (error === undefined) throw new Error('it should be faulty')
  return error
}

test('pointers are those of RFC 6901, under the base', () => {
  expect(bodyFaults(errorOf({ list: [{ 'a/b~c': 'x' }] }), '/base')).toEqual([
    { pointer: '/base/list/0/a~1b~0c', detail: 'must be a number' },
  ])
})

test('every unknown field is a fault of its own, up to the limit', () => {
  const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n]))
  const faults = bodyFaults(errorOf({ list: [], ...unknown }))
  expect(faults.length).toBe(faultsListedMax)
  expect(faults[1]).toEqual({ pointer: '/k1', detail: 'is not a known field' })
  expect(invalidRequest(faults).detail).toContain('or more')
})

test('the same fault found twice is listed once', () => {
  const rule = { error: 'must be short and lower case' }
  const twice = z.object({
    word: z
      .string()
      .max(3, rule)
      .regex(/^[a-z]+$/, rule),
  })
  const { error } = twice.safeParse({ word: 'LONGER' })
  expect(error?.issues.length).toBe(2)
  expect(bodyFaults(error as z.ZodError).length).toBe(1)
})

test('parameters have names', () => {
  expect(parameterFaults(errorOf({ list: [], 'x/y': '1' }))).toEqual([
    { parameter: 'x/y', detail: 'is not a known parameter' },
  ])
})
