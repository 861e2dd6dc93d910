/** A driver that can be taken out of use while submits are under way in it: those end, then it closes. */
import type { ProviderDriver } from './provider.ts'

export interface RetirableDriver {
  readonly submit: ProviderDriver['submit']
  /** Call it once; nothing may be submitted after it. Resolves when nothing is under way any more and the driver is closed. */
  retire(): Promise<void>
}

export function createRetirableDriver(driver: ProviderDriver): RetirableDriver {
  let underWay = 0
  let onIdle: (() => void) | undefined

  return {
    async submit(submission, signal) {
      underWay++
      try {
        return await driver.submit(submission, signal)
      } finally {
        underWay--
        if (underWay === 0) onIdle?.()
      }
    },
    async retire() {
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve
        })
      }
      await driver.close()
    },
  }
}
