/** Wakes whoever waits. A notification that nobody waits for is not remembered: check first, then wait. */

export interface Notifier {
  notify(): void
  /** Resolves at the next `notify`, when the signal aborts, or after `timeoutMs`. Never rejects. */
  wait(signal: AbortSignal, timeoutMs?: number): Promise<void>
}

export function createNotifier(): Notifier {
  let waiters: (() => void)[] = []
  return {
    notify() {
      if (waiters.length === 0) return
      const woken = waiters
      waiters = []
      for (const wake of woken) wake()
    },
    wait(signal, timeoutMs) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined
        function wake(): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        function onAbort(): void {
          waiters = waiters.filter((waiter) => waiter !== wake)
          wake()
        }
        function onTimeout(): void {
          waiters = waiters.filter((waiter) => waiter !== wake)
          wake()
        }
        waiters.push(wake)
        signal.addEventListener('abort', onAbort, { once: true })
        if (timeoutMs !== undefined) timer = setTimeout(onTimeout, timeoutMs)
      })
    },
  }
}

/** Resolves after `timeoutMs`, or at once when the signal aborts. */
export function pause(timeoutMs: number, signal: AbortSignal): Promise<void> {
  return createNotifier().wait(signal, timeoutMs)
}
