/** A chart over time, of uPlot. */
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

export interface Series {
  readonly label: string
  /** One of the colours of the style sheet: `--series-1` and on. */
  readonly color: 1 | 2 | 3
  readonly values: readonly (number | null)[]
}

export interface ChartProps {
  /** What it shows, for those who do not see it too. */
  readonly label: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
}

const heightPx = 180

export function Chart({ label, times, series, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const data: UPlot.AlignedData = [[...times], ...series.map(({ values }) => [...values])]
  const shown = useRef(data)
  shown.current = data

  // Only the data changes while it stands.
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    function draw(): void {
      if (element === null) return
      plot.current?.destroy()
      plot.current = new UPlot(optionsFor(element, series, format), shown.current, element)
    }
    draw()
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: heightPx }),
    )
    observer.observe(element)
    scheme.addEventListener('change', draw)
    return () => {
      observer.disconnect()
      scheme.removeEventListener('change', draw)
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => {
    plot.current?.setData(data)
  })

  const now = series.map(({ label: name, values }) => {
    const value = values.at(-1)
    return { name, text: value === undefined || value === null ? '–' : format(value) }
  })
  const summary = now.map(({ name, text }) => `${name} ${text}`).join(', ')
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{label}</span>
        {series.map(({ label: name, color }, index) => (
          <span key={name} class={`legend series-${color}`}>
            {name} <b>{now[index]?.text}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${label}: now ${summary}`} />
    </figure>
  )
}

function optionsFor(
  element: HTMLElement,
  series: readonly Series[],
  format: (value: number) => string,
): UPlot.Options {
  const style = getComputedStyle(element)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const axis = {
    stroke: color('--quiet'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 5 } },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 28, space: 80, values: (_plot, at) => at.map(clock) },
      { ...axis, size: 64, values: (_plot, at) => at.map(format) },
    ],
    series: [
      {},
      ...series.map(({ label, color: index }) => ({
        label,
        stroke: color(`--series-${index}`),
        width: 2,
        points: { show: false },
      })),
    ],
  }
}

const clock = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 19)
