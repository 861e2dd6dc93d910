/** `ab`, as the oldest and most common of all load generators: one message a POST, a connection each. */
import { join } from 'node:path'
import type { LoadResult, LoadRun } from './scenarios.ts'
import { CannotRunError, runTool } from './tool-process.ts'

export async function runApacheBench(run: LoadRun): Promise<LoadResult> {
  const { apiUrl, phone, size, resultsDir, signal } = run
  const program = Bun.which('ab')
  if (program === null) {
    throw new CannotRunError('ab is not on PATH: install the package apache2-utils')
  }
  const { messages = 1, connections = 1 } = size
  const bodyPath = join(resultsDir, 'body.json')
  const body = { phone, message: 'Hello from SMS Gateway', customer_id: 1 }
  await Bun.write(bodyPath, JSON.stringify(body))
  const concurrency = Math.min(messages, connections)
  const load = ['-n', String(messages), '-c', String(concurrency)]
  const request = ['-p', bodyPath, '-T', 'application/json', `${apiUrl}/api/v1/messages`]
  console.log(`ab ${[...load, ...request].join(' ')}\n`)
  // -q: no progress lines.
  const { exitCode, stdout } = await runTool([program, '-q', ...load, ...request], {
    signal,
    show: true,
  })
  if (exitCode !== 0) throw new CannotRunError(`ab ended with exit code ${exitCode}`)
  return resultOf(stdout, messages)
}

/** From what `ab` prints. */
export function resultOf(output: string, messages: number): LoadResult {
  const complete = numberAfter(output, 'Complete requests') ?? 0
  const failed = numberAfter(output, 'Failed requests') ?? 0
  // The line is missing when there were none.
  const refused = numberAfter(output, 'Non-2xx responses') ?? 0
  const faults: string[] = []
  if (complete !== messages) faults.push(`ab completed ${complete} of ${messages} requests`)
  if (failed > 0) faults.push(`${failed} requests failed`)
  if (refused > 0) faults.push(`${refused} requests were not answered with 202`)
  return { acceptedCount: complete - refused, ids: null, faults }
}

function numberAfter(output: string, label: string): number | null {
  const digits = new RegExp(`^${label}:\\s+(\\d+)`, 'm').exec(output)?.[1]
  return digits === undefined ? null : Number(digits)
}
