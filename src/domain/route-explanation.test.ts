import { expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import type { ProviderMode } from './provider-mode.ts'
import { explainRoute } from './route-explanation.ts'
import { compileRoutes, type RoutingSettings } from './routing.ts'

const table = compileRoutes([
  providerSettings('a', { weight: 100, cost: 60_000, priority: 2 }),
  providerSettings('b', { weight: 80, cost: 45_000 }),
  providerSettings('c', { prefixes: ['+1'] }),
  providerSettings('d', { prefixesDenied: ['+49151'] }),
  providerSettings('e', { weight: 0 }),
])

function explain(
  routing: RoutingSettings | null,
  modes: Record<string, ProviderMode> = {},
  recipient = '+491511234567',
) {
  return explainRoute(table, { recipient, routing }, (name) => modes[name] ?? 'enabled')
}

test('says of each whether it may have the message, at which rank, and why not', () => {
  const { provider, candidates, reasons } = explain(null)
  expect(provider).toBeNull()
  expect(candidates.map(({ provider: name, rank, whyNot }) => [name, rank, whyNot])).toEqual([
    ['a', 1, null],
    ['b', 1, null],
    ['c', null, 'none of its prefixes fits the number'],
    ['d', null, 'it does not take numbers that begin with +49151'],
    ['e', null, 'its weight is 0'],
  ])
  expect(candidates.map(({ allowed }) => allowed)).toEqual([true, true, false, false, false])
  expect(reasons).toEqual(['a, b share by their weights'])
})

test('says why it is this one, and who is next', () => {
  expect(explain({ strategy: 'least_cost' })).toMatchObject({
    provider: 'b',
    reasons: [
      'least_cost: 0.045 a segment is the least for this number',
      'b gets it',
      'when that fails: a',
    ],
  })
  expect(explain({ strategy: 'priority' }).reasons[0]).toBe(
    'priority: 1 is the lowest of those that may have it',
  )
  expect(explain({ sticky: 'recipient' })).toMatchObject({
    provider: expect.stringMatching(/^[ab]$/),
    reasons: [
      'sticky: this recipient always has the same one',
      expect.anything(),
      expect.anything(),
    ],
  })
  const unknown = explain({ strategy: 'least_cost', providers: ['d'] }, {}, '+4412345678')
  expect(unknown.reasons).toEqual([
    'least_cost: no cost is known of any that may have it',
    'd gets it',
  ])
})

test('who is out of service does not get it: it waits, when nobody else may', () => {
  const drained = explain({ strategy: 'least_cost' }, { b: 'draining' })
  expect(drained.provider).toBe('a')
  expect(drained.candidates[1]).toMatchObject({ allowed: false, whyNot: 'it is draining' })
  const none = explain(null, { a: 'disabled', b: 'draining' })
  expect(none.reasons).toEqual(['every provider that may have it is out of service: it waits'])
})

test('without any it is refused', () => {
  const { provider, reasons, candidates } = explain(
    { providers: ['c', 'nobody'] },
    { d: 'draining' },
  )
  expect(provider).toBeNull()
  expect(reasons).toEqual(['no provider may have it: it is refused'])
  expect(candidates[0]?.whyNot).toBe("it is not among the customer's providers")
})
