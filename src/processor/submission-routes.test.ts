/** Rounds of messages that may not go to just any provider. */
import { describe, expect, test } from 'bun:test'
import { message, round, taken, unavailable } from '../../tests/support/submission-round.ts'

describe('a round on a route', () => {
  const route = { ranks: [['b'], ['c']] }

  test('begins where it may go, and the move is written down first', async () => {
    const { result, submitted, moves } = await round({
      outcomes: { a: taken, b: taken },
      route,
      unplaced: true,
    })
    expect(submitted).toEqual(['b'])
    expect(moves).toEqual([{ id: message.id, claimToken: '1', from: 'a', provider: 'b' }])
    expect(result.kind).toBe('sent')
  })

  test('fails over to nobody else', async () => {
    const outcomes = { a: taken, b: unavailable, c: unavailable, d: taken }
    const { result, submitted } = await round({ outcomes, route, unplaced: true })
    expect(submitted).toEqual(['b', 'c'])
    expect(result).toMatchObject({ settlement: { result: 'queued', provider: 'c' } })
  })

  test('whose providers cannot be asked now it waits, and that is no attempt', async () => {
    const { result, submitted } = await round({
      outcomes: { a: taken, b: taken },
      failing: ['b'],
      route,
      unplaced: true,
      changes: { attempt: 3 },
    })
    expect(submitted).toEqual([])
    expect(result).toMatchObject({
      settlement: { result: 'released', inDoubtProvider: null, failures: [] },
    })
    expect(result.kind === 'unsent' && result.settlement.retryInMs).toBeGreaterThan(0)
  })

  test('that leads nowhere it is tried again by the schedule, and is a dead letter at last', async () => {
    const nowhere = { outcomes: { a: taken }, route: { ranks: [] }, unplaced: true }
    const first = await round(nowhere)
    expect(first.submitted).toEqual([])
    expect(first.result).toMatchObject({
      settlement: {
        result: 'queued',
        retryInMs: 500,
        failures: [{ code: 'no_route', provider: null, attempt: 1 }],
      },
    })
    const last = await round({ ...nowhere, changes: { attempt: 3 } })
    expect(last.result).toMatchObject({ settlement: { result: 'failed' } })
  })

  test('a message in doubt stays with who may hold it, on the route or not', async () => {
    const inDoubt = { provider: 'd', inDoubtProvider: 'd' }
    const there = await round({ outcomes: { b: taken, d: taken }, route, changes: inDoubt })
    expect(there.submitted).toEqual(['d'])
    const later = await round({
      outcomes: { a: taken, c: taken, d: unavailable },
      route,
      attemptsMax: 4,
      changes: { ...inDoubt, attempt: 3 },
    })
    expect(later.submitted).toEqual(['d', 'c'])
  })

  test('a message in doubt leaves who must not have it: it was only placed there, or the rules have changed', async () => {
    const left = await round({
      outcomes: { b: taken, d: taken },
      route: { ...route, forbidden: 'd' },
      unplaced: true,
      changes: { provider: 'd', inDoubtProvider: 'd' },
    })
    expect(left.submitted).toEqual(['b'])
    expect(left.moves).toMatchObject([{ from: 'd', provider: 'b' }])
  })

  test('is handed back when the process has to end', async () => {
    const { result, submitted } = await round({
      outcomes: { b: taken },
      route,
      unplaced: true,
      endsAfter: 0,
    })
    expect(submitted).toEqual([])
    expect(result).toMatchObject({ settlement: { result: 'released', retryInMs: 0 } })
  })
})
