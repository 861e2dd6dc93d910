/** Bringing inbound messages to the gateway, each request once: whoever asked for it is told how it was answered. */
import type { InboundItem } from './inbound.ts'

/** One request takes no longer. */
const postMsMax = 10_000

export interface InboundPost {
  readonly url: string
  readonly secret: string | null
  readonly items: readonly InboundItem[]
  readonly oneByOne: boolean
}

/** The status of each answer, in order; 0 where there was none. Never throws. */
export async function postInbound({
  url,
  secret,
  items,
  oneByOne,
}: InboundPost): Promise<number[]> {
  const bodies = oneByOne ? items : items.length === 0 ? [] : [items]
  const statuses: number[] = []
  for (const body of bodies) statuses.push(await post(url, secret, body))
  return statuses
}

async function post(url: string, secret: string | null, body: unknown): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(postMsMax),
    })
    // Unread bodies would keep their connections.
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}
