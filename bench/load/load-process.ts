/** A process of its own that puts load on a server as its parent tells it; see load-plan.ts. Ends with its parent. */
import { type HttpAnswer, type HttpConnection, openHttpConnection } from './http-connection.ts'
import { latencySummary } from './latency.ts'
import type { FromGenerator, LoadPlan, ToGenerator } from './load-plan.ts'

/** An open loop looks this often for requests that fell due. */
const tickMs = 1
const idPattern = /"id":"([0-9a-f-]{36})"/g

/** Told by the parent, perhaps before the connections are open. */
let granted = 0
let ended = false
let pump = (): void => undefined

async function generate(plan: LoadPlan): Promise<void> {
  const { connections, requestsMax, durationMs, requestsPerSecond } = plan
  const nextRequest = requestsOf(plan)
  const latenciesMs: number[] = []
  const failures: Record<string, number> = {}
  const ids = plan.idsPath === null ? null : Bun.file(plan.idsPath).writer()
  const idle: number[] = []
  const sentAtMs = new Float64Array(connections)
  const open: HttpConnection[] = []
  const broken = new Set<number>()
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  granted = Math.max(granted, plan.requestsGranted ?? Number.POSITIVE_INFINITY)
  let sent = 0
  let answered = 0
  let startedMs = 0
  let lastAnswerMs = 0

  /** When the next request was due, or null when there is none now. */
  function nextDueMs(nowMs: number): number | null {
    if (ended || sent >= granted || (requestsMax !== null && sent >= requestsMax)) return null
    if (durationMs !== null && nowMs - startedMs >= durationMs) return null
    if (requestsPerSecond === null) return nowMs
    const dueMs = startedMs + (sent * 1_000) / requestsPerSecond
    return dueMs <= nowMs ? dueMs : null
  }

  function isOver(nowMs: number): boolean {
    if (idle.length + broken.size < connections) return false
    if (broken.size === connections || ended) return true
    if (requestsMax !== null && sent >= requestsMax) return true
    return durationMs !== null && nowMs - startedMs >= durationMs
  }

  pump = () => {
    const nowMs = performance.now()
    for (;;) {
      const dueMs = idle.length === 0 ? null : nextDueMs(nowMs)
      if (dueMs === null) break
      const place = idle.pop() ?? 0
      sentAtMs[place] = dueMs
      sent++
      open[place]?.send(nextRequest())
    }
    if (isOver(nowMs)) finish()
  }

  function onAnswer(place: number, { status, text }: HttpAnswer): void {
    lastAnswerMs = performance.now()
    if (status >= 200 && status < 300) {
      answered++
      latenciesMs.push(lastAnswerMs - (sentAtMs[place] ?? 0))
      if (ids !== null) for (const match of text.matchAll(idPattern)) ids.write(`${match[1]}\n`)
    } else failures[status] = (failures[status] ?? 0) + 1
    idle.push(place)
    pump()
  }

  function onBroken(place: number): void {
    broken.add(place)
    if (!idle.includes(place)) failures.broken = (failures.broken ?? 0) + 1
    else idle.splice(idle.indexOf(place), 1)
    pump()
  }

  const { hostname, port } = new URL(plan.url)
  for (let place = 0; place < connections; place++) {
    const listener = {
      onAnswer: (answer: HttpAnswer) => onAnswer(place, answer),
      onBroken: () => onBroken(place),
    }
    open.push(await openHttpConnection(hostname, Number(port), listener))
  }
  for (let place = 0; place < connections; place++) idle.push(place)
  startedMs = performance.now()
  const ticking = setInterval(pump, tickMs)
  pump()
  await finished
  clearInterval(ticking)
  for (const connection of open) connection.close()
  await ids?.end()
  tell({
    kind: 'done',
    result: {
      answered,
      failures,
      elapsedMs: lastAnswerMs - startedMs,
      latencyMs: latencySummary(latenciesMs),
    },
  })
}

/** The same bytes each time, or with an idempotency key that is new each time. */
function requestsOf({ url, body, headers, isKeyed }: LoadPlan): () => Uint8Array {
  const { host, pathname } = new URL(url)
  const encoder = new TextEncoder()
  const bytes = encoder.encode(body)
  const keyStart = 'idempotency-key: "'
  const key = crypto.randomUUID()
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${bytes.length}`,
    ...headers,
    ...(isKeyed ? [`${keyStart}${key}-${counterOf(0)}"`] : []),
  ].join('\r\n')
  const request = Buffer.concat([encoder.encode(`${head}\r\n\r\n`), bytes])
  if (!isKeyed) return () => request
  const place = head.length - counterOf(0).length - 1
  let count = 0
  return () => {
    // A copy: the one before may not have left yet.
    const next = Buffer.from(request)
    next.write(counterOf(++count), place, 'latin1')
    return next
  }
}

const counterOf = (count: number): string => String(count).padStart(10, '0')

function tell(message: FromGenerator): void {
  process.send?.(message)
}

process.on('message', (message: ToGenerator) => {
  if (message.kind === 'start') void generate(message.plan)
  else {
    if (message.kind === 'grant') granted = Math.max(granted, message.requests)
    else ended = true
    pump()
  }
})
process.on('disconnect', () => process.exit(0))
tell({ kind: 'ready' })
