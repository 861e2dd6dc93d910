/** The short form of `npm run simulation`. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type SimulatedDatabase, startSimulatedDatabase } from './simulated-database.ts'
import { mutants } from './simulated-store.ts'
import { simulate } from './simulation.ts'

let database: SimulatedDatabase
beforeAll(async () => {
  database = await startSimulatedDatabase()
})
afterAll(() => database.close())

const seeds = 20
/** By so many seeds each defect has shown itself. */
const mutantSeedsMax = 30

describe('the pipeline on virtual time', () => {
  test('keeps every promise, whatever fails', async () => {
    const results = []
    for (let seed = 1; seed <= seeds; seed++) results.push(await simulate({ database, seed }))
    expect(results.filter(({ violation }) => violation !== null)).toEqual([])
    const accepted = results.reduce((sum, result) => sum + result.accepted, 0)
    expect(accepted).toBeGreaterThan(seeds * 20)
  }, 120_000)

  test('a seed replays exactly', async () => {
    const first = await simulate({ database, seed: 7 })
    const second = await simulate({ database, seed: 7 })
    expect(second).toEqual(first)
    expect((await simulate({ database, seed: 8 })).fingerprint).not.toBe(first.fingerprint)
  }, 30_000)

  test.each(mutants.map((mutant) => [mutant]))(
    'finds a defect: %s',
    async (mutant) => {
      let found: string | null = null
      for (let seed = 1; found === null && seed <= mutantSeedsMax; seed++) {
        found = (await simulate({ database, seed, mutant })).violation
      }
      expect(found).not.toBeNull()
    },
    120_000,
  )
})
