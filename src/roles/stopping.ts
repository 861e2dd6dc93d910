/** How roles stop: not ready first, then the drain delay, then each service within the grace time and a margin. */
import type { Config } from '../config/config.ts'
import { pause } from '../runtime/notifier.ts'
import type { Readiness } from './readiness.ts'
import type { RunOptions } from './run-until-stopped.ts'

/** A service has its grace time and this, to record what was broken off and to close. */
const stopMarginMs = 10_000

export function stopMsMax(config: Config): number {
  return config.processing.stopGraceMs + stopMarginMs
}

export function stopping(
  config: Config,
  readiness: Readiness,
): Pick<RunOptions, 'stopMsMax' | 'onStopping'> {
  return {
    stopMsMax: stopMsMax(config),
    async onStopping() {
      readiness.stopping()
      const { drainDelayMs } = config.processing
      if (drainDelayMs > 0) await pause(drainDelayMs, new AbortController().signal)
    },
  }
}
