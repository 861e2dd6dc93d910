/** Runs a script of `k6/` and reads what it accepted. */
import { join } from 'node:path'
import { k6Program } from './k6-program.ts'
import type { LoadResult, LoadRun } from './scenarios.ts'
import { CannotRunError, runTool } from './tool-process.ts'

/** k6's exit code for a threshold that did not hold. */
const thresholdsExitCode = 99

const messageIdPattern = /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g

export async function runK6(script: string, run: LoadRun): Promise<LoadResult> {
  const { apiUrl, phone, size, resultsDir, signal } = run
  const settings = {
    API_URL: apiUrl,
    PHONE: phone,
    RATE: String(size.rate),
    SECONDS: String(size.seconds),
  }
  const idsPath = join(resultsDir, 'ids.log')
  const summaryPath = join(resultsDir, 'summary.json')
  const options = ['--quiet', '--no-usage-report', '--no-color']
  options.push('--console-output', idsPath, '--summary-export', summaryPath)
  for (const [name, value] of Object.entries(settings)) options.push('-e', `${name}=${value}`)
  const path = join(import.meta.dir, 'k6', `${script}.ts`)
  const { exitCode } = await runTool([await k6Program(signal), 'run', ...options, path], {
    signal,
    show: true,
    // Scripts use nothing but what k6 has built in.
    env: { K6_AUTO_EXTENSION_RESOLUTION: 'false' },
  })
  if (exitCode !== 0 && exitCode !== thresholdsExitCode) {
    throw new CannotRunError(`k6 ended with exit code ${exitCode}`)
  }
  const ids = await idsIn(idsPath)
  const acceptedCount = await acceptedIn(summaryPath)
  const faults = exitCode === 0 ? [] : ['a threshold of k6 did not hold: see ✗ above']
  if (ids.length !== acceptedCount) {
    faults.push(`k6 accepted ${acceptedCount} messages, but wrote ${ids.length} ids`)
  }
  return { acceptedCount, ids, faults }
}

async function idsIn(path: string): Promise<string[]> {
  const file = Bun.file(path)
  if (!(await file.exists())) return []
  return [...(await file.text()).matchAll(messageIdPattern)].map(([id]) => id)
}

interface Summary {
  readonly metrics: { readonly messages_accepted?: { readonly count: number } }
}

/** The metric is missing when nothing was accepted. */
async function acceptedIn(path: string): Promise<number> {
  const { metrics } = (await Bun.file(path).json()) as Summary
  return metrics.messages_accepted?.count ?? 0
}
