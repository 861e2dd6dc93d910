/**
 * Load tests: `bun loadtest/run.ts <scenario> [options]`, see README.md. Starts what it needs, runs the load, verifies every
 * accepted message, and stops what it started, also when interrupted.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkLaneDelays } from './lane-delays.ts'
import { type Options, parseOptions, UsageError, usage } from './options.ts'
import { startPrivateServers } from './private-servers.ts'
import { CannotRunError } from './tool-process.ts'
import { verify } from './verify.ts'

const exitCodes = { held: 0, didNotHold: 1, usage: 2, couldNotRun: 3, interrupted: 130 } as const

const interruption = new AbortController()
const cleanups: (() => Promise<unknown>)[] = []

/** Answers what did not hold. */
async function loadTest(options: Options): Promise<readonly string[]> {
  const { signal } = interruption
  const servers = await serversOf(options)
  const { apiUrl, operatorUrl } = servers
  const phone = newPhone()
  const fromMs = await serverTimeMs(apiUrl)
  const resultsDir = newResultsDir()
  const { scenario } = options
  const load = await scenario.run({ apiUrl, phone, size: options.size, resultsDir, signal })
  const query = { apiUrl, phone, fromMs, signal }
  const verification = await verify(load, { query, operatorUrl, settleMs: options.settleMs })
  const faults = [...load.faults, ...verification.faults]
  if (servers.own && operatorUrl !== null) {
    const { lanes } = verification
    const limit = scenario.expressP99MsMax
    faults.push(...(await checkLaneDelays(lanes, operatorUrl, limit, signal)))
  }
  const logs = servers.logs()
  if (faults.length > 0 && logs !== '') {
    await Bun.write(join(resultsDir, 'servers.log'), logs)
    console.log(`What the servers logged is in ${join(resultsDir, 'servers.log')}`)
  }
  return faults
}

async function serversOf({ servers }: Options) {
  if (servers !== null) return { ...servers, own: false, logs: () => '' }
  console.log('Starting private servers …')
  const started = await startPrivateServers(cleanups, interruption.signal)
  console.log(`API ${started.apiUrl}, operator ${started.operatorUrl}\n`)
  return { ...started, own: true }
}

/** Country code 999 is assigned to nobody: should a real provider stand behind the servers, no one's phone rings. */
function newPhone(): string {
  return `+999${crypto.getRandomValues(new Uint32Array(1))[0]?.toString().padStart(10, '0')}`
}

/** By the server's clock, which its messages' ids are made by. The header has whole seconds, rounded down. */
async function serverTimeMs(apiUrl: string): Promise<number> {
  const response = await fetch(`${apiUrl}/health`, { signal: interruption.signal })
  if (!response.ok) throw new CannotRunError(`${apiUrl}/health was answered ${response.status}`)
  const date = response.headers.get('date')
  return date === null ? Date.now() : Date.parse(date)
}

/** Of the last run only. */
function newResultsDir(): string {
  const path = join(import.meta.dir, 'results')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  return path
}

async function exitCodeOf(args: readonly string[]): Promise<number> {
  try {
    const faults = await loadTest(parseOptions(args))
    for (const fault of faults) console.log(`✗ ${fault}`)
    console.log(faults.length === 0 ? '✓ everything held' : `${faults.length} did not hold`)
    return faults.length === 0 ? exitCodes.held : exitCodes.didNotHold
  } catch (error) {
    if (interruption.signal.aborted) return exitCodes.interrupted
    const sentence = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${sentence}\n`)
    if (!(error instanceof UsageError)) return exitCodes.couldNotRun
    process.stderr.write(`\n${usage}`)
    return exitCodes.usage
  } finally {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
}

process.exit(await exitCodeOf(Bun.argv.slice(2)))
