import { expect, test } from 'bun:test'
import { pino } from 'pino'
import type { ProviderMode } from '../domain/provider-mode.ts'
import { createNotifier } from '../runtime/notifier.ts'
import type { ProviderControl } from '../store/provider-controls.ts'
import { createProviderModes } from './provider-modes.ts'

const draining: ProviderControl = {
  provider: 'a',
  mode: 'draining',
  weight: 30,
  note: null,
  changedAt: new Date(0),
}

const never = new AbortController().signal

function setup(read: (nth: number) => ProviderControl[]) {
  const logged = createNotifier()
  const lines: Record<string, unknown>[] = []
  const inForce: Record<string, ProviderMode>[] = []
  const weights: Record<string, number>[] = []
  let mode: ProviderMode = 'enabled'
  let reads = 0
  const service = createProviderModes({
    store: { listProviderControls: async () => read(++reads) },
    pool: {
      setModes(modes) {
        inForce.push(Object.fromEntries(modes))
        mode = modes.get('a') ?? 'enabled'
      },
      setWeights: (next) => void weights.push(Object.fromEntries(next)),
      status: () => [{ name: 'a', mode, circuit: 'closed', inFlight: 0 }],
    },
    logger: pino(
      {},
      {
        write(line: string) {
          lines.push(JSON.parse(line))
          logged.notify()
        },
      },
    ),
  })
  return { service, logged, lines, inForce, weights }
}

test('are in force when it has started, and stay as they are when they cannot be read', async () => {
  const { service, logged, lines, inForce, weights } = setup((nth) => {
    if (nth > 1) throw new Error('the server is away')
    return [draining]
  })
  await service.start()
  expect(inForce).toEqual([{ a: 'draining' }])
  while (lines.length < 2) await logged.wait(never)
  await service.stop()
  expect(lines).toMatchObject([
    { event: 'provider.mode_changed', provider: 'a', mode: 'draining', was: 'enabled' },
    { event: 'provider_modes.failed', err: { message: 'the server is away' } },
  ])
  expect(inForce).toEqual([{ a: 'draining' }])
  expect(weights).toEqual([{ a: 30 }])
})

test('that are not known keep a processor from starting', async () => {
  const { service } = setup(() => {
    throw new Error('the server is away')
  })
  await expect(service.start()).rejects.toThrow('the server is away')
  await service.stop()
})
