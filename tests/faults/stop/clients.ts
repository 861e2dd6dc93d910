/**
 * Clients that go on submitting while the API stops and starts again, each on a connection that it keeps as long as it may. A
 * client that was refused waits for as long as it was told.
 */
import { type HttpAnswer, openHttpConnection } from '../../../bench/load/http-connection.ts'
import { message } from '../../support/gateway-fixture.ts'

export interface ClientCounts {
  /** Ids answered with 202. */
  readonly accepted: readonly string[]
  /** 503 with Retry-After. */
  readonly refused: number
  /** Sent on a connection that ended without an answer. */
  readonly unanswered: number
  /** Other answers. */
  readonly failures: readonly string[]
}

export interface Clients {
  /** How many were accepted so far. */
  acceptedCount(): number
  /** Ends them when their last answer is in. */
  end(): Promise<ClientCounts>
}

const reconnectPauseMs = 20
const retryAfterMs = 1_000
const idPattern = /"id":"([0-9a-f-]{36})"/

export function startClients(apiUrl: string, count: number): Clients {
  const { hostname, port, host } = new URL(apiUrl)
  const body = JSON.stringify(message)
  const request = Buffer.from(
    `POST /api/v1/messages HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const accepted: string[] = []
  const failures: string[] = []
  let refused = 0
  let unanswered = 0
  let ending = false
  const ended = Promise.withResolvers<void>()

  /** Until the connection ends, or may not be used again, or the clients end. Answers how long to wait before the next one. */
  async function useConnection(): Promise<number> {
    let pauseMs = 0
    const over = Promise.withResolvers<void>()
    let waiting = false
    const connection = await openHttpConnection(hostname, Number(port), {
      onAnswer(answer) {
        waiting = false
        take(answer)
        if (answer.status === 503) pauseMs = retryAfterMs
        if (ending || /\r\nconnection: *close/i.test(answer.text)) over.resolve()
        else send()
      },
      onBroken() {
        if (waiting) unanswered++
        over.resolve()
      },
    })
    function send(): void {
      waiting = true
      connection.send(request)
    }
    send()
    await over.promise
    connection.close()
    return pauseMs
  }

  function take({ status, text }: HttpAnswer): void {
    const id = idPattern.exec(text)?.[1]
    if (status === 202 && id !== undefined) accepted.push(id)
    else if (status === 503 && /\r\nretry-after:/i.test(text)) refused++
    else failures.push(text)
  }

  async function client(): Promise<void> {
    while (!ending) {
      try {
        await Promise.race([Bun.sleep(await useConnection()), ended.promise])
      } catch {
        // Nobody listens: that is how a client learns that the server has stopped.
        await Bun.sleep(reconnectPauseMs)
      }
    }
  }

  const clients = Array.from({ length: count }, client)
  return {
    acceptedCount: () => accepted.length,
    async end() {
      ending = true
      ended.resolve()
      await Promise.all(clients)
      return { accepted, refused, unanswered, failures }
    },
  }
}
