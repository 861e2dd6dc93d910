/** Server-sent events (HTML Standard §9.2) to the consoles that are open. */
import type { Logger } from '../../runtime/logger.ts'

export interface LiveStream {
  /**
   * An answer that stays open; it begins with `first`, and ends when `isAllowed` answers no, asked now and then. Null when as
   * many are open as may be.
   */
  open(first: readonly StreamEvent[], isAllowed: () => Promise<boolean>): Response | null
  send(event: StreamEvent): void
  /** Ends all, and every later one at once. */
  close(): void
}

export interface StreamEvent {
  readonly name: string
  readonly data: unknown
}

/** Consoles open at once at a process. */
export const streamsMax = 100
/** A console that does not read gets nothing more when so much waits for it. */
const waitingBytesMax = 1_000_000
/** How often it is looked whether whoever watches still may. */
const allowedEverySends = 30

interface Watcher {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly isAllowed: () => Promise<boolean>
  sends: number
}

export function createLiveStream(logger: Logger): LiveStream {
  const watchers = new Set<Watcher>()
  const encoder = new TextEncoder()
  let isClosed = false

  function end(watcher: Watcher): void {
    if (!watchers.delete(watcher)) return
    try {
      watcher.controller.close()
    } catch {
      // It went away by itself.
    }
  }

  async function endUnlessAllowed(watcher: Watcher): Promise<void> {
    try {
      if (!(await watcher.isAllowed())) end(watcher)
    } catch (error) {
      // Whoever watches while the database is away goes on watching.
      logger.debug({ event: 'console.not_checked', err: error })
    }
  }

  return {
    open(first, isAllowed) {
      if (isClosed || watchers.size >= streamsMax) return null
      let watcher: Watcher | undefined
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            watcher = { controller, isAllowed, sends: 0 }
            watchers.add(watcher)
            for (const event of first) controller.enqueue(encoder.encode(textOf(event)))
          },
          cancel() {
            if (watcher !== undefined) watchers.delete(watcher)
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: waitingBytesMax }),
      )
      return new Response(body, {
        headers: {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          // For proxies that would collect an answer before they pass it on.
          'x-accel-buffering': 'no',
        },
      })
    },
    send(event) {
      if (watchers.size === 0) return
      const bytes = encoder.encode(textOf(event))
      for (const watcher of [...watchers]) {
        if ((watcher.controller.desiredSize ?? 0) <= 0) {
          end(watcher)
          continue
        }
        watcher.controller.enqueue(bytes)
        watcher.sends++
        if (watcher.sends % allowedEverySends === 0) void endUnlessAllowed(watcher)
      }
    },
    close() {
      isClosed = true
      for (const watcher of [...watchers]) end(watcher)
    },
  }
}

/** JSON has no line breaks of its own, so that one field is enough. */
function textOf({ name, data }: StreamEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
