/** The live figures, as long as the page is open. */
import { useEffect, useState } from 'preact/hooks'
import {
  type HistoryPoint,
  historyPointsMax,
  type LiveFigures,
  toHistoryPoint,
} from '../live-figures.ts'

export interface Live {
  readonly figures: LiveFigures | null
  readonly history: readonly HistoryPoint[]
  /** Whether what is shown is of now. */
  readonly isConnected: boolean
}

const nothing: Live = { figures: null, history: [], isConnected: false }

/** The browser connects again by itself, except after an answer that is no stream: then this does. */
const retryMs = 3_000

export function useLive(): Live {
  const [live, setLive] = useState(nothing)
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    function connect(): void {
      source = new EventSource('/console/live')
      source.addEventListener('history', ({ data }) => {
        setLive((before) => ({ ...before, history: JSON.parse(data) as HistoryPoint[] }))
      })
      source.addEventListener('figures', ({ data }) => {
        const figures = JSON.parse(data) as LiveFigures
        const point = toHistoryPoint(figures)
        setLive(({ history }) => ({
          figures,
          history:
            history.at(-1)?.at === point.at
              ? history
              : [...history, point].slice(-historyPointsMax),
          isConnected: true,
        }))
      })
      source.addEventListener('error', () => {
        setLive((before) => ({ ...before, isConnected: false }))
        if (source?.readyState !== EventSource.CLOSED) return
        timer = setTimeout(connect, retryMs)
      })
    }
    connect()
    return () => {
      source?.close()
      clearTimeout(timer)
    }
  }, [])
  return live
}
