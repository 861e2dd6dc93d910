/** A client that keeps sending at a rate whatever happens to the servers, and remembers every message it got a 202 for. */
import { message } from '../../support/gateway-fixture.ts'

export interface SteadyLoad {
  /** Every id that was answered with 202. */
  readonly accepted: readonly string[]
  /** Messages whose request was refused or broke off; what became of them is not asked. */
  readonly refused: number
  /** Sends no more, and resolves when what was sent is answered. */
  end(): Promise<void>
}

export interface SteadyLoadOptions {
  /** Requests go to each in turn. */
  readonly urls: readonly string[]
  readonly messagesPerSecond: number
}

const batchSize = 20
const answerMsMax = 10_000
/** Requests waiting for an answer; while there are as many, the beat is left out. */
const requestsMax = 200

export function startSteadyLoad({ urls, messagesPerSecond }: SteadyLoadOptions): SteadyLoad {
  const accepted: string[] = []
  const underWay = new Set<Promise<void>>()
  const messages = Array.from({ length: batchSize }, (_, place) => ({
    ...message,
    lane: place === 0 ? 'express' : 'normal',
  }))
  const body = JSON.stringify({ messages })
  let refused = 0
  let turn = 0

  async function send(): Promise<void> {
    const url = `${urls[turn++ % urls.length]}/api/v1/messages/batch`
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(answerMsMax),
      })
      if (response.status !== 202) throw new Error(`answered ${response.status}`)
      const answer = (await response.json()) as { messages: { id?: string }[] }
      for (const { id } of answer.messages) {
        if (id === undefined) refused++
        else accepted.push(id)
      }
    } catch {
      refused += batchSize
    }
  }

  const beat = setInterval(
    () => {
      if (underWay.size >= requestsMax) return
      const sending = send().finally(() => underWay.delete(sending))
      underWay.add(sending)
    },
    (1_000 * batchSize) / messagesPerSecond,
  )
  return {
    accepted,
    get refused() {
      return refused
    },
    async end() {
      clearInterval(beat)
      await Promise.all(underWay)
    },
  }
}
