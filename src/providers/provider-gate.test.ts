import { expect, test } from 'bun:test'
import { providerSettings } from '../../tests/support/provider-settings.ts'
import { createProviderGate } from './provider-gate.ts'

test('a circuit is waited for until it may be probed, and then nobody is woken for it', () => {
  const gate = createProviderGate({
    settings: providerSettings('a', { weight: 0 }),
    mode: 'enabled',
    createDriver: () => ({
      submit: () => Promise.reject(new Error('never called')),
      close: () => Promise.resolve(),
    }),
    circuit: {
      windowMs: 10_000,
      failureRatio: 0.5,
      samplesMin: 2,
      openMs: 1_000,
      openMsMax: 8_000,
    },
    random: () => 0.5,
  })
  for (let failure = 0; failure < 2; failure++) {
    const passage = gate.began(0)
    gate.ended(passage, { kind: 'unavailable', code: 'econnrefused', detail: '' }, 0)
  }
  expect(gate.circuitState).toBe('open')
  expect(gate.wakeAtMs(false, 500)).toBe(1_000)
  expect(gate.wakeAtMs(false, 1_000)).toBe(Number.POSITIVE_INFINITY)
  expect(gate.room(false, 1_000)).toBe(1)
})
