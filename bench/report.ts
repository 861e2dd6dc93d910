/** Results as text: on the terminal, as JSON, and as the tables of docs/performance.md. */
import { cpus } from 'node:os'
import { type Figure, isMet, type Row, type RowResult, ratioOf } from './row.ts'

export interface Finished {
  readonly row: Row
  readonly result: RowResult
}

const startMark = '<!-- figures: written by `npm run bench -- --write-docs` -->'
const endMark = '<!-- end of figures -->'

export function printRow({ row, result }: Finished): void {
  const { figures, floor, cpuMicroseconds, faults } = result
  console.log(`\n${row.name}: ${row.summary}`)
  for (const figure of figures) console.log(`  ${verdict(figure)} ${described(figure)}`)
  const ratio = ratioOf(result)
  if (floor !== null && ratio !== null) {
    console.log(`    floor: ${described(floor)}; ratio ${ratio.toFixed(2)}`)
  }
  if (hasCpu(result)) console.log(`    CPU a message: ${cpuText(cpuMicroseconds)}`)
  for (const fault of faults) console.log(`  ✗ ${fault}`)
}

/** Everything held, and no figure falls short. */
export function isGood({ result }: Finished): boolean {
  return result.faults.length === 0 && result.figures.every(isMet)
}

export function toJson(finished: readonly Finished[], at: Date): string {
  const rows = finished.map(({ row, result }) => ({
    row: row.name,
    summary: row.summary,
    ...result,
    ratio: ratioOf(result),
  }))
  return `${JSON.stringify({ at: at.toISOString(), machine: machine(), rows }, null, 2)}\n`
}

/** `page` with its figures replaced. @throws when it has no place for them */
export function withFigures(page: string, finished: readonly Finished[], at: Date): string {
  const start = page.indexOf(startMark)
  const end = page.indexOf(endMark)
  if (start < 0 || end < start)
    throw new Error(`the page has no lines "${startMark}", "${endMark}"`)
  return `${page.slice(0, start)}${startMark}\n\n${tables(finished, at)}\n${page.slice(end)}`
}

function tables(finished: readonly Finished[], at: Date): string {
  const figures = finished.flatMap(({ row, result }) =>
    result.figures.map((figure, index) =>
      cells([
        index === 0 ? row.summary : '',
        described(figure),
        figure.target === null ? '–' : `${signOf(figure)} ${amount(figure.target.value)}`,
        metText(figure, result),
        index === 0 ? floorText(result) : '',
      ]),
    ),
  )
  const cpu = finished
    .filter(({ result }) => hasCpu(result))
    .map(({ row, result }) => cells([row.name, cpuText(result.cpuMicroseconds)]))
  return [
    `Measured on ${at.toISOString().slice(0, 10)}: ${machine()}.`,
    '',
    '| Work | Measured | Target | Met | Floor, and the ratio to it |',
    '|---|---|---|---|---|',
    ...figures,
    '',
    '| Work | CPU time a message |',
    '|---|---|',
    ...cpu,
    '',
  ].join('\n')
}

function metText(figure: Figure, { faults }: RowResult): string {
  if (!isMet(figure) || faults.length > 0) return '**no**'
  return figure.target === null ? '–' : 'yes'
}

function floorText(result: RowResult): string {
  const ratio = ratioOf(result)
  return result.floor === null || ratio === null
    ? '–'
    : `${described(result.floor)}: ${ratio.toFixed(2)}`
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`
}

function described({ what, unit, value }: Figure): string {
  return `${what} ${amount(value)} ${unit}`.trimEnd()
}

function verdict(figure: Figure): string {
  if (figure.target === null) return ' '
  return isMet(figure) ? '✓' : '✗'
}

function signOf({ target }: Figure): string {
  return target?.kind === 'at least' ? '≥' : '≤'
}

function amount(value: number): string {
  const fractionDigits = value < 10 ? 2 : value < 100 ? 1 : 0
  return value.toLocaleString('en-US', { maximumFractionDigits: fractionDigits })
}

function hasCpu({ cpuMicroseconds }: RowResult): boolean {
  return Object.keys(cpuMicroseconds).length > 0
}

function cpuText(microseconds: Readonly<Record<string, number>>): string {
  return Object.entries(microseconds)
    .map(([name, value]) => `${name} ${Math.round(value)} µs`)
    .join(', ')
}

function machine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  return `${cpus().length} cores (${model}), Bun ${Bun.version}, everything on one machine`
}
