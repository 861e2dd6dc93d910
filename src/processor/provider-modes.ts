/** Keeps modes and weights of this process's providers as they were ordered for all processes. */
import type { ProviderMode } from '../domain/provider-mode.ts'
import type { ProviderPool } from '../providers/provider-pool.ts'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { ProviderControl } from '../store/provider-controls.ts'
import type { Store } from '../store/store.ts'

export interface ProviderModesOptions {
  readonly store: Pick<Store, 'listProviderControls'>
  readonly pool: Pick<ProviderPool, 'setModes' | 'setWeights' | 'status'>
  readonly logger: Logger
}

/** With the time of the statement, what was ordered is in effect everywhere within two seconds. */
const modesIntervalMs = 1_000

/**
 * When the modes cannot be read, the last ones known stay. Starting reads them first, and throws when it cannot: a process that
 * does not know them must not send.
 */
export function createProviderModes({ store, pool, logger }: ProviderModesOptions): Service {
  async function read(): Promise<undefined> {
    const controls = await store.listProviderControls()
    const before = new Map(pool.status().map(({ name, mode }) => [name, mode]))
    pool.setModes(
      new Map<string, ProviderMode>(controls.map(({ provider, mode }) => [provider, mode])),
    )
    pool.setWeights(weightsOf(controls))
    for (const { name, mode } of pool.status()) {
      const was = before.get(name)
      if (was !== mode) logger.info({ event: 'provider.mode_changed', provider: name, mode, was })
    }
    return undefined
  }

  const reading = createPeriodic({
    name: 'provider modes',
    intervalMs: modesIntervalMs,
    run: read,
    onError: (error) => logger.warn({ event: 'provider_modes.failed', err: error }),
  })
  return {
    name: reading.name,
    async start() {
      await read()
      await reading.start()
    },
    stop: () => reading.stop(),
  }
}

function weightsOf(controls: readonly ProviderControl[]): Map<string, number> {
  return new Map(
    controls.flatMap(({ provider, weight }) => (weight === null ? [] : [[provider, weight]])),
  )
}
