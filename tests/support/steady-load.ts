/** Messages at a steady rate, whatever becomes of them, and what was answered. */
import { message } from './gateway-fixture.ts'

export interface SteadyLoad {
  /** Ids that were answered 202. */
  readonly accepted: string[]
  /** Messages answered 503 with Retry-After. */
  readonly refused: number
  /** Every other answer, and every request that had none. */
  readonly wrong: string[]
  /** The longest that a request waited for its answer. */
  readonly slowestMs: number
  /** Resolves when so many messages more have been sent. */
  more(count: number): Promise<void>
  /** Sends no more; resolves when every request has its answer. */
  stop(): Promise<void>
}

const perRequest = 5
const intervalMs = 25

/** 200 messages a second, five in a request: few enough requests for the client's own limit when they wait for seconds. */
export function startSteadyLoad(apiUrl: string): SteadyLoad {
  const accepted: string[] = []
  const wrong: string[] = []
  const underWay = new Set<Promise<void>>()
  let refused = 0
  let slowestMs = 0
  let sent = 0
  let reached: { readonly count: number; readonly resolve: () => void } | undefined

  async function send(): Promise<void> {
    const startedAt = performance.now()
    try {
      const response = await fetch(`${apiUrl}/api/v1/messages/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messages: new Array(perRequest).fill(message) }),
      })
      const answer = (await response.json()) as { messages?: { id?: string }[] }
      if (response.status === 202) {
        for (const { id } of answer.messages ?? []) if (id !== undefined) accepted.push(id)
      } else if (response.status === 503 && response.headers.has('retry-after')) {
        refused += perRequest
      } else {
        wrong.push(`${response.status} ${JSON.stringify(answer)}`)
      }
    } catch (error) {
      wrong.push(String(error))
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
  }

  const timer = setInterval(() => {
    const request = send().finally(() => underWay.delete(request))
    underWay.add(request)
    sent += perRequest
    if (reached !== undefined && sent >= reached.count) reached.resolve()
  }, intervalMs)

  return {
    accepted,
    wrong,
    get refused() {
      return refused
    },
    get slowestMs() {
      return slowestMs
    },
    more: (count) =>
      new Promise((resolve) => {
        reached = { count: sent + count, resolve }
      }),
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}
