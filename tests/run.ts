/**
 * Runs the tests: `bun tests/run.ts [stage or path …]`. Without arguments all stages; a path runs `bun test` on it, with the
 * servers. The end says again what failed, and the last line counts the tests; the exit code is 1 when anything failed.
 *
 * | stage | what |
 * |---|---|
 * | check | types, lint and format |
 * | unit | tests beside their sources, and those of the tree itself; no servers |
 * | integration, conformance | against real PostgreSQL and Redis |
 * | system, faults | the compiled binary against the same |
 * | simulation | the whole pipeline on virtual time, with faults by seed |
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { browserProgram, fakeClockLibrary, installTools } from './support/packages.ts'
import { startPostgres } from './support/postgres-server.ts'
import { startRedis } from './support/redis-server.ts'

const root = join(import.meta.dir, '..')
const bin = join(root, 'node_modules', '.bin')
const binary = join(root, 'dist', 'sms-gateway')
const testTimeoutMs = 60_000
/** Of what a failed test wrote, how much is said again at the end. */
const failureLinesMax = 40
/** What the runner wrote is read to its end within this time after it. */
const leftBehindMs = 2_000

const stages: Readonly<Record<string, readonly string[]>> = {
  unit: ['./src', './tests/support', './tests/tree'],
  integration: ['./tests/integration'],
  conformance: ['./tests/conformance'],
  system: ['./tests/system'],
  faults: ['./tests/faults'],
  simulation: ['./tests/simulation'],
}

/** Stages that run beside the tests of the whole; those of faults do not, which want the machine for themselves. */
const besideSystem: readonly string[] = ['integration', 'conformance', 'simulation']

const totals = { passed: 0, failed: 0 }
/** What the failed tests wrote: in a long run it is far above its end, or cut off by who keeps the output. */
const failures: string[] = []
const cleanups: (() => Promise<void>)[] = []
/** By a signal: what is under way is ended, nothing more is begun, and the servers are stopped. */
let interrupted = false
const underWay = new Set<Bun.Subprocess>()

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.length > 0 ? args : ['check', ...Object.keys(stages)]
  if (wanted.includes('check')) {
    await step('types', [join(bin, 'tsc'), '-p', '.'])
    await step('types of the console', [join(bin, 'tsc'), '-p', 'src/console/page'])
    await step('lint', [join(bin, 'biome'), 'check', '.'])
  }
  const testStages = wanted.filter((name) => name !== 'check')
  if (testStages.includes('unit')) await test('unit', stages.unit ?? [], {})
  const withServers = testStages.filter((name) => name !== 'unit')
  if (withServers.length === 0) return
  await step('build', [process.execPath, 'scripts/build.ts'])
  // Tests of the whole wait for most of their time: the others go on beside them, with servers of their own.
  const beside = withServers.includes('system')
    ? withServers.filter((name) => besideSystem.includes(name))
    : []
  const environment = await startServers()
  const others = beside.length === 0 ? null : runAll(beside, await startServers(), true)
  // Whatever comes first, its failure is told by who waits for both.
  others?.catch(() => undefined)
  await runAll(
    withServers.filter((name) => !beside.includes(name)),
    environment,
    false,
    others,
  )
}

/** One after the other. @param others waited for after the tests of the whole, before those of faults */
async function runAll(
  names: readonly string[],
  environment: Readonly<Record<string, string>>,
  isBeside: boolean,
  others: Promise<void> | null = null,
): Promise<void> {
  for (const name of names) {
    await test(name, stages[name] ?? [name], environment, isBeside)
    if (name === 'system') await others
  }
}

async function startServers(): Promise<Record<string, string>> {
  refuseIfInterrupted()
  title('servers')
  // Here, because a test has not the time to install them.
  browserProgram()
  installTools()
  fakeClockLibrary()
  const postgres = await startPostgres()
  cleanups.push(() => postgres.remove())
  const redis = await startRedis()
  cleanups.push(() => redis.remove())
  process.stdout.write(`PostgreSQL on port ${postgres.port}, Redis on port ${redis.port}\n`)
  return {
    TEST_POSTGRES_HOST: postgres.host,
    TEST_POSTGRES_PORT: String(postgres.port),
    TEST_POSTGRES_USER: postgres.user,
    TEST_POSTGRES_PASSWORD: postgres.password,
    TEST_REDIS_HOST: redis.hostPort,
    SMS_GATEWAY_BINARY: binary,
  }
}

function title(name: string): void {
  process.stdout.write(`\n── ${name}\n`)
}

/** A step that is no test; its failure ends the run. */
async function step(name: string, command: readonly string[]): Promise<void> {
  title(name)
  const run = Bun.spawn([...command], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  underWay.add(run)
  const exitCode = await run.exited
  underWay.delete(run)
  if (exitCode !== 0) {
    totals.failed++
    throw new Error(`${name} failed`)
  }
}

async function test(
  name: string,
  paths: readonly string[],
  environment: Readonly<Record<string, string>>,
  isBeside = false,
): Promise<void> {
  refuseIfInterrupted()
  if (!isBeside) title(name)
  for (const path of paths) {
    if (!existsSync(join(root, path))) throw new Error(`${path} does not exist`)
  }
  const command = [process.execPath, 'test', `--timeout=${testTimeoutMs}`, ...paths]
  const run = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', isBeside ? 'ignore' : 'inherit', 'pipe'],
  })
  underWay.add(run)
  const exitCode = await forward(run, isBeside ? name : null)
  underWay.delete(run)
  if (exitCode.passed === 0 && exitCode.code === 0) {
    totals.failed++
    throw new Error(`${name}: no test ran`)
  }
  totals.passed += exitCode.passed
  totals.failed += exitCode.failed
  if (exitCode.code !== 0 && exitCode.failed === 0) totals.failed++
  refuseIfInterrupted()
}

function refuseIfInterrupted(): void {
  if (interrupted) throw new Error('interrupted')
}

/**
 * Shows what the runner writes, keeps what it says of failures, and reads its summary.
 *
 * @param besideAs of a stage that runs beside another: shown as a whole at its end, under this name
 */
async function forward(
  run: Bun.Subprocess<'ignore', 'inherit' | 'ignore', 'pipe'>,
  besideAs: string | null,
) {
  const kept: Uint8Array[] = []
  let summary = ''
  let line = ''
  let sinceLastTest: string[] = []
  const decoder = new TextDecoder()
  const reader = run.stderr.getReader()
  // A server that a broken test left behind holds the pipe open: the runner's end is the end.
  void run.exited.then(() => setTimeout(() => void reader.cancel(), leftBehindMs))
  for (;;) {
    const { done, value: chunk } = await reader.read()
    if (done) break
    if (besideAs === null) process.stderr.write(chunk)
    else kept.push(chunk)
    const text = decoder.decode(chunk, { stream: true })
    summary = (summary + text).slice(-4_000)
    const lines = (line + text).split('\n')
    line = lines.pop() ?? ''
    for (const ended of lines) {
      sinceLastTest = [...sinceLastTest, ended].slice(-failureLinesMax)
      if (ended.startsWith('(fail)')) failures.push(...sinceLastTest)
      if (/^\((pass|fail)\)/.test(ended)) sinceLastTest = []
    }
  }
  if (besideAs !== null) {
    title(besideAs)
    process.stderr.write(Buffer.concat(kept))
  }
  const count = (word: string): number =>
    Number(
      new RegExp(`(\\d+) ${word}`).exec(summary.slice(summary.lastIndexOf('--seed')))?.[1] ?? 0,
    )
  return { code: await run.exited, passed: count('pass'), failed: count('fail') }
}

async function cleanUp(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true
    for (const run of underWay) run.kill()
  })
}

const startedAt = performance.now()
try {
  await main(Bun.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (totals.failed === 0) totals.failed++
} finally {
  for (const run of underWay) run.kill()
  await cleanUp()
}
if (failures.length > 0) process.stdout.write(`\n── failed\n${failures.join('\n')}\n`)
const seconds = Math.round((performance.now() - startedAt) / 1000)
process.stdout.write(`\nin ${seconds} s\ntests: ${totals.passed} passed, ${totals.failed} failed\n`)
process.exit(totals.failed === 0 ? 0 : 1)
