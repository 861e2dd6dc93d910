/** The messages of a run, as the API lists them. */
import { messageIdTimeMs } from '../src/domain/message-id.ts'

export interface ListedMessage {
  readonly id: string
  readonly status: string
  readonly lane: string
}

interface Page {
  readonly messages: readonly ListedMessage[]
  readonly next_cursor: string | null
}

export interface ListQuery {
  readonly apiUrl: string
  readonly phone: string
  /** Accepted then or later. */
  readonly fromMs: number
  /** Accepted before. */
  readonly toMs?: number
  readonly signal: AbortSignal
}

/** The most the API puts on one page. */
const pageMax = 1_000

/** Newest first. @throws when the API does not answer 200 */
export async function* listMessages(query: ListQuery): AsyncGenerator<ListedMessage> {
  const { apiUrl, phone, fromMs, toMs, signal } = query
  const parameters = new URLSearchParams({
    phone,
    from: new Date(fromMs).toISOString(),
    limit: String(pageMax),
  })
  if (toMs !== undefined) parameters.set('to', new Date(toMs).toISOString())
  for (;;) {
    const response = await fetch(`${apiUrl}/api/v1/messages?${parameters}`, { signal })
    if (!response.ok) throw new Error(`the list was answered ${response.status}`)
    const page = (await response.json()) as Page
    yield* page.messages
    if (page.next_cursor === null) return
    parameters.set('cursor', page.next_cursor)
  }
}

/** The times between which all of `ids` were accepted, for a query. */
export function timesOf(ids: Iterable<string>): { fromMs: number; toMs: number } {
  let fromMs = Number.POSITIVE_INFINITY
  let toMs = 0
  for (const id of ids) {
    const timeMs = messageIdTimeMs(id)
    fromMs = Math.min(fromMs, timeMs)
    toMs = Math.max(toMs, timeMs + 1)
  }
  return { fromMs, toMs }
}
