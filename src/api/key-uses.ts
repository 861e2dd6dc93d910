/** When each API key was last used, told to the store beside the requests: of a key at most once a minute. */
import type { Clock } from '../runtime/clock.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { Store } from '../store/store.ts'

export interface KeyUses extends Service {
  /** A key was taken. Costs nothing to speak of. */
  note(prefix: string): void
}

export const tellIntervalMs = 60_000
const stepIntervalMs = 2_000
/** Keys remembered; those that are used beyond that are told more often, or later. */
const keysMax = 10_000

export function createKeyUses(
  store: Pick<Store, 'touchApiKeys'>,
  clock: Pick<Clock, 'monotonicMs'>,
): KeyUses {
  const toldAtMs = new Map<string, number>()
  const untold = new Set<string>()

  async function tell(): Promise<undefined> {
    if (untold.size === 0) return
    const prefixes = [...untold]
    untold.clear()
    // Also when it fails: what is lost is a minute.
    for (const prefix of prefixes) {
      toldAtMs.delete(prefix)
      toldAtMs.set(prefix, clock.monotonicMs())
    }
    for (const oldest of toldAtMs.keys()) {
      if (toldAtMs.size <= keysMax) break
      toldAtMs.delete(oldest)
    }
    await store.touchApiKeys(prefixes)
    return undefined
  }

  const telling = createPeriodic({
    name: 'uses of API keys',
    intervalMs: stepIntervalMs,
    run: tell,
    onError: () => undefined,
  })

  return {
    name: telling.name,
    note(prefix) {
      if (untold.has(prefix) || untold.size >= keysMax) return
      const last = toldAtMs.get(prefix)
      if (last === undefined || clock.monotonicMs() - last >= tellIntervalMs) untold.add(prefix)
    },
    start: () => telling.start(),
    async stop() {
      await telling.stop()
      await tell().catch(() => undefined)
    },
  }
}
