import { describe, expect, test } from 'bun:test'
import {
  entriesOf,
  provider,
  receiptsOf,
  refused,
  setupDispatcher,
  taken,
} from '../../tests/support/dispatching.ts'

describe('dispatching', () => {
  test('two batches wait for a provider that failed: each gets its probes, and all of both is sent', async () => {
    const gateway = setupDispatcher({ outcomeOf: (nth) => (nth <= 9 ? refused : taken) })
    const failing = entriesOf(9)
    gateway.dispatch(failing)
    await gateway.dispatcher.idle()
    expect(gateway.pool.status()[0]?.circuit).toBe('open')
    const [first, second] = [entriesOf(15), entriesOf(15)]
    gateway.dispatch(first)
    gateway.dispatch(second)
    await gateway.dispatcher.idle()
    expect(gateway.pool.status()).toEqual([
      { name: 'a', mode: 'enabled', circuit: 'closed', inFlight: 0 },
    ])
    expect(gateway.sent.sort()).toEqual([...first, ...second].map(({ id }) => id).sort())
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a claim that fails is tried again with its permits and places kept, and nothing is given up', async () => {
    const permitsHeld: number[] = []
    const gateway = setupDispatcher({
      beforeClaim: (nth) => {
        permitsHeld.push(gateway.permits.inUse)
        if (nth <= 2) throw new Error('the server is away')
      },
    })
    const entries = entriesOf(5)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(permitsHeld).toEqual([5, 5, 5])
    expect(gateway.sent.sort()).toEqual(entries.map(({ id }) => id).sort())
    expect(gateway.acknowledged.sort()).toEqual(receiptsOf(entries))
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a claim that is refused, or fails when the process has to end, leaves its entries for the reclaim', async () => {
    const refusedClaim = setupDispatcher({
      beforeClaim: () => {
        throw new Error('data fault')
      },
    })
    refusedClaim.dispatch(entriesOf(5))
    await refusedClaim.dispatcher.idle()
    const ending = setupDispatcher({
      beforeClaim: () => {
        ending.work.abort()
        throw new Error('the server is away')
      },
    })
    ending.dispatch(entriesOf(5))
    await ending.dispatcher.idle()
    for (const { claims, acknowledged, permits, pool } of [refusedClaim, ending]) {
      expect(claims()).toBe(1)
      expect(acknowledged).toEqual([])
      expect(permits.inUse).toBe(0)
      expect(pool.status()[0]?.inFlight).toBe(0)
    }
  })

  test('a move to another provider that fails is tried again before anything goes out there', async () => {
    const gateway = setupDispatcher({
      providers: [provider, { ...provider, name: 'b' }],
      outcomeOf: (nth) => (nth === 1 ? refused : taken),
      beforeReassign: (nth) => {
        expect(gateway.sent).toEqual([])
        if (nth <= 2) throw new Error('the server is away')
      },
    })
    const entries = entriesOf(1)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.sent).toEqual(entries.map(({ id }) => id))
    expect(gateway.acknowledged).toEqual(receiptsOf(entries))
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a move that fails when the process has to end hands the message back: nobody has it', async () => {
    const gateway = setupDispatcher({
      providers: [provider, { ...provider, name: 'b' }],
      outcomeOf: () => refused,
      beforeReassign: () => {
        gateway.work.abort()
        throw new Error('the server is away')
      },
    })
    const entries = entriesOf(1)
    gateway.dispatch(entries)
    await gateway.dispatcher.idle()
    expect(gateway.unsent).toMatchObject([{ id: entries[0]?.id, result: 'released' }])
    expect(gateway.permits.inUse).toBe(0)
  })

  test('a message claimed when the process has to end is handed back, not sent', async () => {
    const gateway = setupDispatcher({ beforeClaim: () => gateway.work.abort() })
    const [entry] = entriesOf(1)
    gateway.dispatch(entry === undefined ? [] : [entry])
    await gateway.dispatcher.idle()
    expect(gateway.sent).toEqual([])
    expect(gateway.unsent).toMatchObject([{ id: entry?.id, result: 'released' }])
  })

  test('an id that is twice in a batch is sent once, and both entries are acknowledged', async () => {
    const gateway = setupDispatcher({})
    const [entry] = entriesOf(1)
    if (entry === undefined) throw new Error('there is one')
    const again = { ...entry, receipt: 'another receipt' }
    gateway.dispatch([entry, again])
    await gateway.dispatcher.idle()
    expect(gateway.requested).toEqual([{ id: entry.id, provider: 'a' }])
    expect(gateway.sent).toEqual([entry.id])
    expect(gateway.acknowledged.sort()).toEqual(receiptsOf([entry, again]))
    expect(gateway.permits.inUse).toBe(0)
  })
})
