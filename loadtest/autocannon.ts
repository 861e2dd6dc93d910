/** As fast as it goes over a number of connections: one message a POST, then many. A closed loop, for throughput. */
import { join } from 'node:path'
import type { LoadResult, LoadRun } from './scenarios.ts'
import { printTable } from './table.ts'
import { CannotRunError, runTool } from './tool-process.ts'

const batchSize = 100
const batchConnections = 16

const program = join(import.meta.dir, '../node_modules/autocannon/autocannon.js')

interface Shot {
  readonly name: string
  readonly path: string
  readonly body: object
  readonly messagesPerRequest: number
  readonly requests: number
  readonly connections: number
}

/** What `autocannon --json` prints, as far as it is read. Milliseconds. */
interface Report {
  readonly '2xx': number
  readonly non2xx: number
  readonly errors: number
  readonly timeouts: number
  readonly start: string
  readonly finish: string
  readonly latency: Readonly<Record<'p50' | 'p99' | 'max', number>>
}

export async function runAutocannon(run: LoadRun): Promise<LoadResult> {
  const { messages = 0, connections = 1 } = run.size
  const message = { phone: run.phone, message: 'A message of the load test', customer_id: 1 }
  const single: Shot = {
    name: 'one a POST',
    path: '/api/v1/messages',
    body: message,
    messagesPerRequest: 1,
    requests: messages,
    connections,
  }
  const batch: Shot = {
    name: `${batchSize} a POST`,
    path: '/api/v1/messages/batch',
    body: { messages: Array.from({ length: batchSize }, () => message) },
    messagesPerRequest: batchSize,
    requests: Math.ceil(messages / batchSize),
    connections: batchConnections,
  }
  const rows: string[][] = []
  const faults: string[] = []
  let acceptedCount = 0
  for (const shot of [single, batch]) {
    const report = await shoot(shot, run)
    acceptedCount += report['2xx'] * shot.messagesPerRequest
    rows.push(row(shot, report))
    const failed = report.non2xx + report.errors + report.timeouts
    if (failed > 0) faults.push(`${shot.name}: ${failed} requests failed`)
  }
  printTable(['autocannon', 'messages', 'messages/s', 'p50 ms', 'p99 ms', 'max ms'], rows)
  return { acceptedCount, ids: null, faults }
}

async function shoot(shot: Shot, { apiUrl, resultsDir, signal }: LoadRun): Promise<Report> {
  // A batch is too long for a command line.
  const bodyPath = join(resultsDir, `body-${shot.messagesPerRequest}.json`)
  await Bun.write(bodyPath, JSON.stringify(shot.body))
  const connections = Math.min(shot.connections, shot.requests)
  const load = ['--connections', String(connections), '--amount', String(shot.requests)]
  const request = ['--method', 'POST', '--headers', 'content-type=application/json']
  const target = ['--input', bodyPath, `${apiUrl}${shot.path}`]
  const { exitCode, stdout } = await runTool(
    [process.execPath, program, '--json', '--no-progress', ...load, ...request, ...target],
    { signal, show: false },
  )
  if (exitCode !== 0) throw new CannotRunError(`autocannon ended with exit code ${exitCode}`)
  return JSON.parse(stdout) as Report
}

function row({ name, messagesPerRequest }: Shot, report: Report): string[] {
  const messages = report['2xx'] * messagesPerRequest
  // Its own rates count whole seconds only.
  const seconds = (Date.parse(report.finish) - Date.parse(report.start)) / 1_000
  const { p50, p99, max } = report.latency
  return [name, messages, Math.round(messages / seconds), p50, p99, max].map(String)
}
