/** Live figures as lines of text. */
import { bytes, count, percent, span } from '../console/format.ts'
import type { LiveFigures, Percentiles, ProviderFigures } from '../console/live-figures.ts'
import { createTable } from './table.ts'

/** What the figures do not tell of a provider. */
export interface ShownProvider {
  readonly name: string
  readonly mode: string
  readonly weight: number
}

const laneTable = createTable([
  ['LANE', 8],
  ['ACCEPTED/S', 10],
  ['SUBMITTED/S', 11],
  ['FINAL/S', 8],
  ['BACKLOG', 9],
  ['OLDEST', 7],
  ['WAIT P95', 0],
])

const providerTable = createTable([
  ['PROVIDER', 12],
  ['MODE', 8],
  ['WEIGHT', 6],
  ['CIRCUIT', 13],
  ['SUBMITTED/S', 11],
  ['TAKEN', 7],
  ['DELIVERED', 9],
  ['SUBMIT P95', 0],
])

const processTable = createTable([
  ['PROCESS', 10],
  ['VERSION', 8],
  ['MEMORY', 8],
  ['CPU', 6],
  ['INSTANCE', 0],
])

/** Tables with headings, and empty lines between them. */
export function liveLines(figures: LiveFigures, providers: readonly ShownProvider[]): string[] {
  const { lanes, processes } = figures
  return [
    laneTable.header,
    ...lanes.map((lane) =>
      laneTable.line([
        lane.lane,
        count(lane.acceptedPerSecond),
        count(lane.submittedPerSecond),
        count(lane.finalPerSecond),
        lane.backlog === null ? 'away' : count(lane.backlog),
        lane.oldestAgeSeconds === null ? '-' : span(lane.oldestAgeSeconds),
        p95(lane.queueWait),
      ]),
    ),
    '',
    providerTable.header,
    ...figures.providers.map((provider) => providerLine(provider, providers)),
    '',
    [
      `accept p95 ${p95(figures.accept)}`,
      `to final p95 ${p95(figures.acceptedToFinal)}`,
      `refused ${count(figures.refusedPerSecond)}/s`,
      `dead letters ${count(figures.deadLetters)}`,
      `parked reports ${count(figures.parkedReports)}`,
      `webhooks waiting ${count(figures.webhooksWaiting)}`,
      `replica lag ${span(figures.replicaLagSeconds)}`,
    ].join(' · '),
    '',
    processTable.header,
    ...processes.map(({ role, version, memoryBytes, cpu, instance }) =>
      processTable.line([role, version, bytes(memoryBytes), percent(cpu), instance]),
    ),
  ]
}

function providerLine(figures: ProviderFigures, providers: readonly ShownProvider[]): string {
  const shown = providers.find(({ name }) => name === figures.name)
  return providerTable.line([
    figures.name,
    shown?.mode ?? '-',
    shown === undefined ? '-' : String(shown.weight),
    circuit(figures.circuits),
    count(figures.submittedPerSecond),
    figures.takenRatio === null ? '-' : percent(figures.takenRatio),
    figures.deliveredRatio === null ? '-' : percent(figures.deliveredRatio),
    p95(figures.submit),
  ])
}

function circuit({ closed, half_open, open }: ProviderFigures['circuits']): string {
  const all = closed + half_open + open
  if (all === 0) return 'no processor'
  if (open > 0) return open === all ? 'OPEN' : `OPEN ${open} of ${all}`
  return half_open > 0 ? 'probing' : 'closed'
}

const p95 = (percentiles: Percentiles | null): string =>
  percentiles === null ? '-' : span(percentiles.p95)

const bars = '▁▂▃▄▅▆▇█'

/** The last values as bars, the highest as a full one. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const max = Math.max(...shown, 0)
  return shown
    .map((value) => bars[max === 0 ? 0 : Math.round((value / max) * (bars.length - 1))] ?? '')
    .join('')
}

/** Whether anything of it needs somebody: none sends, or a provider is out. */
export function troubles(figures: LiveFigures): string[] {
  const found: string[] = []
  if (!figures.processes.some(({ role }) => role !== 'api')) {
    found.push('no processor tells of itself: nothing is sent')
  }
  for (const { name, circuits } of figures.providers) {
    if (circuits.open > 0) found.push(`the circuit of ${name} is open`)
  }
  for (const { lane, backlog } of figures.lanes) {
    if (backlog === null) found.push(`the queue of the ${lane} lane cannot be asked`)
  }
  return found
}
