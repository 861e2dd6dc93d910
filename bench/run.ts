/**
 * The benchmark: `bun bench/run.ts [row …] [--quick] [--write-docs]`, see README.md. Each row has servers of its own, and a
 * floor measured beside it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureBinary } from '../loadtest/private-servers.ts'
import { type Finished, isGood, printRow, toJson, withFigures } from './report.ts'
import type { Row } from './row.ts'
import { rows } from './rows.ts'
import { startServers } from './servers.ts'

const exitCodes = { good: 0, fellShort: 1, usage: 2, couldNotRun: 3, interrupted: 130 } as const
const quickScale = 0.1
const resultsPath = join(import.meta.dir, 'results', 'latest.json')
const pagePath = join(import.meta.dir, '../docs/performance.md')

const usage = `usage: npm run bench -- [row …] [options]

${rows.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')}

  --quick        a tenth of the time: shows that it runs, its figures say nothing
  --write-docs   writes the figures into docs/performance.md; all rows, not quick

Exit codes: 0 every target met, 1 not all, 2 usage, 3 could not run, 130 interrupted.
`

class UsageError extends Error {}

const interruption = new AbortController()

function options(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, 'write-docs': { type: 'boolean' } },
    })
    const unknown = positionals.filter((name) => !rows.some((row) => row.name === name))
    if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`)
    const quick = values.quick ?? false
    const writeDocs = values['write-docs'] ?? false
    if (writeDocs && (quick || positionals.length > 0)) {
      throw new Error('--write-docs goes with neither rows nor --quick')
    }
    const chosen =
      positionals.length === 0 ? rows : rows.filter(({ name }) => positionals.includes(name))
    return { chosen, quick, writeDocs }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function runRow(row: Row, scale: number): Promise<Finished> {
  const { signal } = interruption
  const cleanups: (() => Promise<unknown>)[] = []
  const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-bench-'))
  try {
    const servers = () => startServers(cleanups, signal)
    return { row, result: await row.run({ servers, scale, directory, signal }) }
  } finally {
    for (const clean of cleanups.reverse()) await clean()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function exitCodeOf(args: readonly string[]): Promise<number> {
  try {
    const { chosen, quick, writeDocs } = options(args)
    await ensureBinary(interruption.signal)
    const at = new Date()
    const finished: Finished[] = []
    for (const row of chosen) {
      console.log(`\n${row.name} …`)
      const one = await runRow(row, quick ? quickScale : 1)
      printRow(one)
      finished.push(one)
    }
    mkdirSync(join(resultsPath, '..'), { recursive: true })
    await Bun.write(resultsPath, toJson(finished, at))
    if (writeDocs) {
      await Bun.write(pagePath, withFigures(await Bun.file(pagePath).text(), finished, at))
    }
    return finished.every(isGood) ? exitCodes.good : exitCodes.fellShort
  } catch (error) {
    if (interruption.signal.aborted) return exitCodes.interrupted
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    if (!(error instanceof UsageError)) return exitCodes.couldNotRun
    process.stderr.write(`\n${usage}`)
    return exitCodes.usage
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
}

process.exit(await exitCodeOf(Bun.argv.slice(2)))
