/** Shared counters, and those of this process while the shared ones are away: then nobody is refused because a server is. */
import type { Counters } from './counters.ts'

export interface InsuredCountersOptions {
  readonly shared: Counters
  readonly insurance: Counters
  /** At every change, and when the first is not shared. */
  readonly onChange: (isShared: boolean, error?: unknown) => void
  /** How many demands were counted in this process alone. */
  readonly onInsured: (count: number) => void
}

export function createInsuredCounters(options: InsuredCountersOptions): Counters {
  const { shared, insurance, onChange, onInsured } = options
  let isShared = true

  function change(isSharedNow: boolean, error?: unknown): void {
    if (isShared === isSharedNow) return
    isShared = isSharedNow
    onChange(isShared, error)
  }

  return {
    async take(demands) {
      try {
        const taken = await shared.take(demands)
        change(true)
        return taken
      } catch (error) {
        change(false, error)
        onInsured(demands.length)
        return await insurance.take(demands)
      }
    },
    giveBack: (unused) => shared.giveBack(unused),
    async close() {
      await Promise.all([shared.close(), insurance.close()])
    },
  }
}
