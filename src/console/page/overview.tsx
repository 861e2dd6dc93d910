/** What happens now. */

import { count, percent, span } from '../format.ts'
import type { HistoryPoint, LiveFigures, Percentiles } from '../live-figures.ts'
import { Chart, type Series } from './chart.tsx'
import { circuitWord } from './circuits.ts'
import type { Live } from './live.ts'
import { Badge, Figure, Panel, Table } from './parts.tsx'

export function OverviewPage({ live }: { readonly live: Live }) {
  const { figures, history } = live
  if (figures === null) return <p class="quiet">Waiting for the first figures …</p>
  const times = history.map(({ at }) => at)
  return (
    <>
      <div class="figures">
        <Summary figures={figures} />
      </div>
      <div class="charts">
        <Chart
          label="Accepted a second"
          times={times}
          series={byLane(figures, history, ({ accepted }) => accepted)}
          format={count}
        />
        <Chart
          label="Final a second"
          times={times}
          series={byLane(figures, history, ({ final }) => final)}
          format={count}
        />
        <Chart
          label="Backlog"
          times={times}
          series={byLane(figures, history, ({ backlog }) => backlog)}
          format={count}
        />
        <Chart
          label="95th percentile"
          times={times}
          series={[
            { label: 'accept', color: 1, values: history.map(({ acceptP95 }) => acceptP95) },
            {
              label: 'accepted to final',
              color: 2,
              values: history.map(({ acceptedToFinalP95 }) => acceptedToFinalP95),
            },
          ]}
          format={span}
        />
      </div>
      <Panel title="Lanes">
        <Table
          caption="Lanes"
          empty="There are none."
          columns={[
            'Lane',
            { name: 'Accepted/s', isNumber: true },
            { name: 'Submitted/s', isNumber: true },
            { name: 'Final/s', isNumber: true },
            { name: 'Backlog', isNumber: true },
            { name: 'Oldest', isNumber: true },
            { name: 'Wait p50 · p95 · p99', isNumber: true },
          ]}
          rows={figures.lanes.map((lane) => ({
            key: lane.lane,
            cells: [
              lane.lane,
              count(lane.acceptedPerSecond),
              count(lane.submittedPerSecond),
              count(lane.finalPerSecond),
              lane.backlog === null ? 'queue away' : count(lane.backlog),
              lane.oldestAgeSeconds === null ? '–' : span(lane.oldestAgeSeconds),
              three(lane.queueWait),
            ],
          }))}
        />
      </Panel>
      <Panel title="Providers now" actions={<a href="#/providers">Change</a>}>
        <Table
          caption="Providers now"
          empty="None is configured."
          columns={[
            'Provider',
            'Circuit',
            { name: 'Submitted/s', isNumber: true },
            { name: 'Taken', isNumber: true },
            { name: 'Delivered', isNumber: true },
            { name: 'Submit p50 · p95 · p99', isNumber: true },
          ]}
          rows={figures.providers.map((provider) => {
            const circuit = circuitWord(provider.circuits)
            return {
              key: provider.name,
              cells: [
                provider.name,
                <Badge key="circuit" tone={circuit.tone}>
                  {circuit.word}
                </Badge>,
                count(provider.submittedPerSecond),
                provider.takenRatio === null ? '–' : percent(provider.takenRatio),
                provider.deliveredRatio === null ? '–' : percent(provider.deliveredRatio),
                three(provider.submit),
              ],
            }
          })}
        />
      </Panel>
    </>
  )
}

function Summary({ figures }: { readonly figures: LiveFigures }) {
  const { deadLetters, parkedReports, processes, webhooksWaiting } = figures
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0)
  const processors = processes.filter(({ role }) => role !== 'api').length
  const backlog = sum(figures.lanes.map((lane) => lane.backlog))
  return (
    <>
      <Figure
        label="Accepted"
        value={`${count(sum(figures.lanes.map((lane) => lane.acceptedPerSecond)))}/s`}
        note={`${count(figures.refusedPerSecond)}/s refused`}
      />
      <Figure
        label="Backlog"
        value={count(backlog)}
        note={`${count(sum(figures.lanes.map((lane) => lane.submittedPerSecond)))}/s submitted`}
      />
      <Figure
        label="Accepted to final"
        value={figures.acceptedToFinal === null ? '–' : span(figures.acceptedToFinal.p95)}
        note="95th percentile"
      />
      <Figure
        label="Dead letters"
        value={count(deadLetters)}
        note={`${count(figures.failedPerSecond)}/s`}
        tone={deadLetters > 0 ? 'warn' : 'plain'}
      />
      <Figure
        label="Webhooks waiting"
        value={count(webhooksWaiting)}
        note={`${count(figures.webhooksPerSecond)}/s delivered`}
        tone={figures.webhooksOverdueSeconds > 60 ? 'warn' : 'plain'}
      />
      <Figure label="Parked reports" value={count(parkedReports)} />
      <Figure
        label="Processes"
        value={String(processes.length)}
        note={processors === 0 ? 'no processor tells of itself' : `${processors} sending`}
        tone={processors === 0 ? 'bad' : 'plain'}
      />
    </>
  )
}

function byLane(
  { lanes }: LiveFigures,
  history: readonly HistoryPoint[],
  read: (point: HistoryPoint) => readonly (number | null)[],
): Series[] {
  const colors = [1, 2, 3] as const
  return lanes.map(({ lane }, index) => ({
    label: lane,
    color: colors[index] ?? 3,
    values: history.map((point) => read(point)[index] ?? null),
  }))
}

export function three(percentiles: Percentiles | null): string {
  if (percentiles === null) return '–'
  const { p50, p95, p99 } = percentiles
  return [p50, p95, p99].map(span).join(' · ')
}
