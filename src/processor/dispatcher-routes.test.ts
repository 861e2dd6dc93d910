/** Batches in which not every message may go just anywhere. */
import { describe, expect, test } from 'bun:test'
import {
  entriesOf,
  provider,
  receiptsOf,
  setupDispatcher,
} from '../../tests/support/dispatching.ts'
import { providerSettings } from '../../tests/support/provider-settings.ts'

describe('dispatching on routes', () => {
  test('what may not go where it was placed is moved in one statement, before anything goes out', async () => {
    const moved: number[] = []
    const gateway = setupDispatcher({
      providers: [
        providerSettings('a', { prefixes: ['+49'], concurrencyMax: 100 }),
        providerSettings('b', { concurrencyMax: 100 }),
      ],
      beforeReassign: () => {
        moved.push(gateway.sent.length)
      },
    })
    const entries = entriesOf(40)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.requested.filter(({ provider: name }) => name === 'a')).toHaveLength(20)
    expect(moved).toHaveLength(1)
    expect(gateway.moves().map(({ from, provider: to }) => `${from} ${to}`)).toEqual(
      Array(20).fill('a b'),
    )
    expect(gateway.sent.sort()).toEqual(entries.map(({ id }) => id).sort())
    expect(gateway.permits.inUse).toBe(0)
    expect(gateway.pool.status().every(({ inFlight }) => inFlight === 0)).toBe(true)
  })

  test('while the settings of customers cannot be read nothing goes out, and all of it waits', async () => {
    const gateway = setupDispatcher({
      customers: { isUsed: true, find: () => Promise.reject(new Error('the server is away')) },
    })
    const entries = entriesOf(3)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.sent).toEqual([])
    expect(gateway.unsent.map(({ result }) => result)).toEqual(Array(3).fill('released'))
    expect(gateway.acknowledged.sort()).toEqual(receiptsOf(entries))
    expect(gateway.permits.inUse).toBe(0)
    expect(gateway.pool.status()[0]?.inFlight).toBe(0)
  })

  test('without rules and settings a batch is one claim, and nobody is asked about', async () => {
    const gateway = setupDispatcher({
      providers: [provider, providerSettings('b', { cost: 1, priority: 3 })],
      beforeClaim: () => undefined,
      customers: { find: () => Promise.reject(new Error('nothing is set')) },
    })
    const entries = entriesOf(10)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect([gateway.claims(), gateway.moves()]).toEqual([1, []])
    expect(gateway.sent).toHaveLength(10)
  })
})
