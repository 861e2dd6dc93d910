import { describe, expect, test } from 'bun:test'
import { behaviourDefault, changeBehaviour } from './behaviour.ts'

function faultsOf(patch: unknown) {
  const change = changeBehaviour(behaviourDefault, patch)
  return change.kind === 'faulty' ? change.faults.map((fault) => fault.pointer).sort() : []
}

test('the default is valid as it stands', () => {
  expect(changeBehaviour(behaviourDefault, {})).toEqual({
    kind: 'changed',
    behaviour: behaviourDefault,
  })
})

test('a patch replaces the fields it names and keeps the others', () => {
  const change = changeBehaviour(
    { ...behaviourDefault, error_rate: 0.5 },
    { latency: { kind: 'fixed', value_ms: 0 }, report_status: { expired: 2 } },
  )
  expect(change).toMatchObject({
    kind: 'changed',
    behaviour: {
      error_rate: 0.5,
      latency: { kind: 'fixed', value_ms: 0 },
      report_status: { delivered: 0, expired: 2 },
    },
  })
})

describe('faults', () => {
  test('are listed all at once', () => {
    const patch = { error_rate: 2, retry_after_s: 'soon', latency: { kind: 'no' }, colour: 'red' }
    expect(faultsOf(patch)).toEqual(['', '', '/error_rate', '/latency/kind', '/retry_after_s'])
  })
  test('include rates that exclude one another and sum to more than 1', () => {
    expect(faultsOf({ error_rate: 0.6, hang_rate: 0.5 })).toEqual([''])
    expect(faultsOf({ error_rate: 0.1, hang_rate: 0.2, reset_rate: 0.7 })).toEqual([])
  })
  test('include a status mix without any weight', () => {
    expect(faultsOf({ report_status: {} })).toEqual(['/report_status'])
  })
  test('include what is no object at all', () => {
    for (const patch of [null, undefined, [], 'x', 1]) expect(faultsOf(patch)).toEqual([''])
  })
})
