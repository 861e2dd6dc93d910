/** Waits until every message of a run is final. */
import { isFinal, type MessageState } from '../src/domain/message-state.ts'
import { type ListedMessage, type ListQuery, listMessages, timesOf } from './message-list.ts'

const roundPauseMs = 500

/**
 * Looks at the messages again and again, until each of `ids` is final or none became final for `settleMs`. Answers the last
 * that was seen of each; an id that the API does not know has no entry.
 */
export async function settled(
  ids: readonly string[],
  query: Omit<ListQuery, 'fromMs' | 'toMs'>,
  settleMs: number,
): Promise<ReadonlyMap<string, ListedMessage>> {
  const seen = new Map<string, ListedMessage>()
  const waiting = new Set(ids)
  let progressAtMs = performance.now()
  for (;;) {
    const before = waiting.size
    await look()
    if (waiting.size === 0) return seen
    if (waiting.size < before) progressAtMs = performance.now()
    else if (performance.now() - progressAtMs > settleMs) return seen
    query.signal.throwIfAborted()
    await Bun.sleep(roundPauseMs)
  }

  /** Only the span of time in which there are messages to wait for. */
  async function look(): Promise<void> {
    for await (const message of listMessages({ ...query, ...timesOf(waiting) })) {
      if (!waiting.has(message.id)) continue
      seen.set(message.id, message)
      if (isFinal(message.status as MessageState)) waiting.delete(message.id)
    }
  }
}
