/** A background chore: runs again some time after it last ended, so that two runs never overlap. */
import { pause } from './notifier.ts'
import type { Service } from './service.ts'

export interface PeriodicOptions {
  readonly name: string
  readonly intervalMs: number
  /** True: there is more to do, run again at once. What it throws goes to `onError`, and the chore goes on. */
  readonly run: (signal: AbortSignal) => Promise<boolean | undefined>
  readonly onError: (error: unknown) => void
}

/** After a failure the chore waits longer than usual, so that a server that is away is not hammered. */
const failurePauseMsMin = 500

export function createPeriodic({ name, intervalMs, run, onError }: PeriodicOptions): Service {
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const more = await run(stopping.signal)
        if (more === true) continue
      } catch (error) {
        if (!stopping.signal.aborted) onError(error)
        await pause(failurePauseMsMin, stopping.signal)
      }
      // Up to a tenth more, so that many processes do not run their chores in step.
      await pause(intervalMs * (1 + Math.random() / 10), stopping.signal)
    }
  }

  return {
    name,
    async start() {
      running ??= loop()
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
