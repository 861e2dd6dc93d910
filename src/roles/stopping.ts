/** How roles stop: not ready first, then the drain delay, then each service within the grace time and a margin. */
import type { Config } from '../config/config.ts'
import { recordMsMax } from '../processor/processor.ts'
import { pause } from '../runtime/notifier.ts'
import type { Readiness } from './readiness.ts'
import type { RunOptions } from './run-until-stopped.ts'

/** To close, when all is recorded. */
const closeMsMax = 5_000

/** A service has its grace time, then what it takes to record what was broken off, its last statement included, and to close. */
export function stopMsMax({ processing, postgres }: Config): number {
  return processing.stopGraceMs + recordMsMax + postgres.statementTimeoutMs + closeMsMax
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
