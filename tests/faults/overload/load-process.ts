/** The process of a load generator: opens its connections, sends as its plan says, answers with the times. See load.ts. */
import {
  type HttpAnswer,
  type HttpConnection,
  openHttpConnection,
} from '../../../bench/load/http-connection.ts'
import { latencySummary } from '../../../bench/load/latency.ts'
import type { FromOverload, OverloadPlan, OverloadResult } from './load.ts'

/** How often requests that fell due are looked for. */
const tickMs = 1
/** Connections being opened at once: more would overrun the server's backlog of unaccepted ones. */
const openingsMax = 100
/** After the last request, so long for the answers that are still out. */
const lastAnswersMsMax = 30_000

const acceptedStatus = 202
const refusedStatuses: ReadonlySet<number> = new Set([429, 503])

async function generate(plan: OverloadPlan): Promise<OverloadResult> {
  const { connections, requestsPerSecond, durationMs } = plan
  const request = requestBytes(plan)
  const acceptedMs: number[] = []
  const refusedMs: number[] = []
  const failures: Record<string, number> = {}
  const open: HttpConnection[] = []
  const idle: number[] = []
  const sentAtMs = new Float64Array(connections)
  let refusedWithoutRetryAfter = 0
  let sent = 0
  let out = 0
  let startedMs = Number.POSITIVE_INFINITY
  const endsAtMs = () => startedMs + durationMs

  function isDue(nowMs: number): boolean {
    if (nowMs < startedMs || nowMs >= endsAtMs()) return false
    return requestsPerSecond === null || startedMs + (sent * 1_000) / requestsPerSecond <= nowMs
  }

  function pump(): void {
    const nowMs = performance.now()
    while (idle.length > 0 && isDue(nowMs)) {
      const place = idle.pop() ?? 0
      sentAtMs[place] = performance.now()
      sent++
      out++
      open[place]?.send(request)
    }
  }

  function onAnswer(place: number, { status, text }: HttpAnswer): void {
    const latencyMs = performance.now() - (sentAtMs[place] ?? 0)
    out--
    if (status === acceptedStatus) acceptedMs.push(latencyMs)
    else if (refusedStatuses.has(status)) {
      refusedMs.push(latencyMs)
      if (!/\r\nretry-after: *[1-9]/i.test(text)) refusedWithoutRetryAfter++
    } else failures[status] = (failures[status] ?? 0) + 1
    idle.push(place)
    pump()
  }

  function onBroken(place: number): void {
    const at = idle.indexOf(place)
    if (at >= 0) {
      idle.splice(at, 1)
      return
    }
    out--
    failures.broken = (failures.broken ?? 0) + 1
  }

  const { hostname, port } = new URL(plan.url)
  while (open.length < connections) {
    const first = open.length
    const count = Math.min(openingsMax, connections - first)
    const opened = Array.from({ length: count }, (_, index) =>
      openHttpConnection(hostname, Number(port), {
        onAnswer: (answer) => onAnswer(first + index, answer),
        onBroken: () => onBroken(first + index),
      }),
    )
    open.push(...(await Promise.all(opened)))
    for (let index = 0; index < count; index++) idle.push(first + index)
  }
  startedMs = performance.now()
  pump()
  while (performance.now() < endsAtMs() || (out > 0 && isPatient())) {
    await Bun.sleep(tickMs)
    pump()
  }
  const elapsedMs = performance.now() - startedMs
  if (out > 0) failures.unanswered = out
  for (const connection of open) connection.close()
  return {
    elapsedMs,
    accepted: { count: acceptedMs.length, latencyMs: latencySummary(acceptedMs) },
    refused: { count: refusedMs.length, latencyMs: latencySummary(refusedMs) },
    refusedWithoutRetryAfter,
    failures,
  }

  function isPatient(): boolean {
    return performance.now() < endsAtMs() + lastAnswersMsMax
  }
}

function requestBytes({ url, body }: OverloadPlan): Uint8Array {
  const { host, pathname } = new URL(url)
  const bytes = Buffer.from(body)
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${bytes.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}

function tell(message: FromOverload): void {
  process.send?.(message)
}

process.on('message', (plan: OverloadPlan) => {
  void generate(plan).then((result) => tell({ kind: 'done', result }))
})
process.on('disconnect', () => process.exit(0))
tell({ kind: 'ready' })
