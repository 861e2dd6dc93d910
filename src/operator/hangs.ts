/** Submits that are never answered: kept until the client goes away, and only so many at once. */
import { resetAnswer } from './answers.ts'

/** Hanging submits at once, over all identities; past it the oldest is reset. */
export const hangsMax = 20_000

export interface Hangs {
  readonly size: number
  /** Answers when the client has gone, when `release` is called, or when newer hangs need the room. */
  hold(signal: AbortSignal): Promise<Response>
  /** Resets every hanging connection. */
  release(): void
}

export function createHangs(sizeMax = hangsMax): Hangs {
  const held = new Set<() => void>()

  function hold(signal: AbortSignal): Promise<Response> {
    if (held.size >= sizeMax) {
      for (const releaseOldest of held) {
        releaseOldest()
        break
      }
    }
    return new Promise((resolve) => {
      function end() {
        held.delete(end)
        signal.removeEventListener('abort', end)
        resolve(resetAnswer())
      }
      held.add(end)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }

  function release() {
    for (const end of held) end()
  }

  return {
    get size() {
      return held.size
    },
    hold,
    release,
  }
}
