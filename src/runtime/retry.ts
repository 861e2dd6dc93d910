/** Trying again until it works: for work that must not be given up while the server it needs is away. */
import { pause } from './notifier.ts'

export interface RetryOptions {
  /** The nth failure in a row is followed by n times this, at most `pauseMsMax`. */
  readonly pauseMs: number
  readonly pauseMsMax: number
  /** Ends the trying: the attempt under way is the last. */
  readonly signal: AbortSignal
  /** Whether trying again cannot help. */
  readonly isFinal: (error: unknown) => boolean
  readonly onFailure: (error: unknown, attempt: number) => void
}

/** @throws the last error, when it is final or the signal has aborted */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { pauseMs, pauseMsMax, signal, isFinal, onFailure } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      onFailure(error, attempt)
      if (signal.aborted || isFinal(error)) throw error
      await pause(Math.min(pauseMsMax, pauseMs * attempt), signal)
    }
  }
}
