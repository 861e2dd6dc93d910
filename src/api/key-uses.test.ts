import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eventually } from '../../tests/support/eventually.ts'
import { createKeyUses, type KeyUses, tellIntervalMs } from './key-uses.ts'

let nowMs = 0
let told: string[][] = []
let failure: Error | null = null
let uses: KeyUses
beforeEach(async () => {
  nowMs = 0
  told = []
  failure = null
  const store = {
    async touchApiKeys(prefixes: readonly string[]) {
      if (failure !== null) throw failure
      told.push([...prefixes])
    },
  }
  uses = createKeyUses(store, { monotonicMs: () => nowMs })
})
afterEach(() => uses.stop())

test('of many uses one is told a minute, of each key', async () => {
  for (let n = 0; n < 1_000; n++) uses.note('a')
  uses.note('b')
  await uses.start()
  await eventually(() => told.length === 1, { what: 'it is told' })
  expect(told).toEqual([['a', 'b']])
  uses.note('a')
  nowMs = tellIntervalMs - 1
  uses.note('a')
  await uses.stop()
  expect(told).toEqual([['a', 'b']])
  nowMs = tellIntervalMs
  uses.note('a')
  await uses.stop()
  expect(told).toEqual([['a', 'b'], ['a']])
})

test('what cannot be told is forgotten: the next minute tells', async () => {
  failure = new Error('no database')
  uses.note('a')
  await uses.stop()
  failure = null
  nowMs = tellIntervalMs
  uses.note('a')
  await uses.stop()
  expect(told).toEqual([['a']])
})
