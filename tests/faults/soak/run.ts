/**
 * A steady load for a long time: `bun tests/faults/soak/run.ts [--minutes 30] [--rate 1000]`. What the processes hold is sampled and
 * must stay flat; every accepted message must be delivered, once. Exit code 1 when something did not hold.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { planOf, startLoad } from '../../../bench/load/load.ts'
import type { LoadResult } from '../../../bench/load/load-plan.ts'
import { lifeFaults, oneBody, onePath, readIds } from '../../../bench/messages.ts'
import { failuresOf } from '../../../bench/row.ts'
import { startBackends } from '../../../loadtest/private-servers.ts'
import { printTable } from '../../../loadtest/table.ts'
import { type Sample, takeSample } from './samples.ts'
import { type Comparison, compareQuarters, isFlat } from './verdict.ts'

const sampleIntervalMs = 10_000
/** Before the first sample: code is compiled and pools are filled. */
const warmUpMs = 20_000
/** For quarters that say something. */
const minutesMin = 2
const resultsPath = join(import.meta.dir, 'results', 'latest.json')

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
}

interface Soaked {
  readonly samples: readonly Sample[]
  readonly load: LoadResult
  readonly faults: readonly string[]
}

async function soak(minutes: number, requestsPerSecond: number): Promise<Soaked> {
  const { signal } = interruption
  const cleanups: (() => Promise<unknown>)[] = []
  const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-soak-'))
  try {
    const backends = await startBackends(cleanups, signal)
    const roles = {
      operator: await backends.start('operator'),
      api: await backends.start('api'),
      processor: await backends.start('processor'),
    }
    const idsPath = join(directory, 'ids')
    const durationMs = warmUpMs + minutes * 60_000
    const url = `${backends.apiUrl}${onePath}`
    const load = startLoad(planOf({ url, body: oneBody, requestsPerSecond, durationMs, idsPath }))
    cleanups.push(async () => load.close())
    const samples: Sample[] = []
    const startedMs = performance.now()
    let isOver = false
    const done = load.done.finally(() => {
      isOver = true
    })
    for (let dueMs = warmUpMs; dueMs <= durationMs && !isOver; dueMs += sampleIntervalMs) {
      await Bun.sleep(Math.max(0, startedMs + dueMs - performance.now()))
      signal.throwIfAborted()
      samples.push(await takeSample(roles, Math.round((performance.now() - startedMs) / 1_000)))
    }
    const result = await done
    const ids = await readIds(idsPath)
    const life = await lifeFaults(backends.database, backends.operatorUrl, ids, signal)
    return { samples, load: result, faults: [...failuresOf(result), ...life] }
  } finally {
    for (const clean of cleanups.reverse()) await clean()
    rmSync(directory, { recursive: true, force: true })
  }
}

function rowOf(comparison: Comparison): string[] {
  const { what, first, last, most } = comparison
  const text = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
  const verdict = most === null ? '–' : isFlat(comparison) ? 'flat' : 'GREW'
  return [what, text(first), text(last), most === null ? '–' : text(most), verdict]
}

async function main(minutes: number, rate: number): Promise<boolean> {
  const { samples, load, faults } = await soak(minutes, rate)
  const comparisons = compareQuarters(samples)
  mkdirSync(join(resultsPath, '..'), { recursive: true })
  const series = { at: new Date().toISOString(), minutes, rate, load, faults, samples }
  await Bun.write(resultsPath, `${JSON.stringify(series, null, 2)}\n`)
  const { p50, p99, max } = load.latencyMs
  console.log(
    `${load.answered} accepted, ms p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)}`,
  )
  const header = ['median', 'first quarter', 'last quarter', 'at most', 'verdict']
  printTable(header, comparisons.map(rowOf))
  for (const fault of faults) console.log(`✗ ${fault}`)
  const isGood = faults.length === 0 && comparisons.every(isFlat)
  console.log(isGood ? '✓ flat, and every message delivered once' : '✗ it did not hold')
  return isGood
}

function atLeast(min: number, text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= min) return value
  process.stderr.write(
    `usage: npm run soak -- [--minutes 30] [--rate 1000], ${minutesMin} minutes or more\n`,
  )
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '1000' },
  },
})
const held = await main(atLeast(minutesMin, values.minutes), atLeast(1, values.rate))
process.exit(held ? 0 : 1)
