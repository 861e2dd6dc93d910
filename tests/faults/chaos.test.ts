/** The short form of `npm run chaos`: each strike once, under a load that two cores carry beside everything else. */
import { describe, expect, test } from 'bun:test'
import { faultsOf, runChaos } from './chaos/chaos.ts'
import { strikes } from './chaos/strikes.ts'

describe('something dies or is emptied every second', () => {
  test('nothing is lost, and only what was in doubt comes twice, with its key', async () => {
    const reckoning = await runChaos({
      rounds: strikes.length,
      roundMs: 1_000,
      messagesPerSecond: 400,
      inDoubt: 'resend',
    })
    expect(faultsOf(reckoning, 'resend')).toEqual([])
    expect(reckoning.rounds).toHaveLength(strikes.length)
  }, 240_000)

  test('with the policy unknown nothing comes twice', async () => {
    const reckoning = await runChaos({
      rounds: 3,
      roundMs: 1_000,
      messagesPerSecond: 400,
      inDoubt: 'unknown',
    })
    expect(faultsOf(reckoning, 'unknown')).toEqual([])
  }, 240_000)
})
