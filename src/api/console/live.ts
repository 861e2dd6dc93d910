/** Reads each second what all processes tell, keeps the last minutes of it, and passes it on to the consoles. */
import {
  type HistoryPoint,
  historyPointsMax,
  type LiveFigures,
  toHistoryPoint,
} from '../../console/live-figures.ts'
import { type Lane, lanes } from '../../domain/message.ts'
import type { FiguresBoard } from '../../figures/figures-board.ts'
import type { ProcessFigures } from '../../figures/process-figures.ts'
import type { Queue, QueueDepth } from '../../queue/queue.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { createPeriodic } from '../../runtime/periodic.ts'
import type { Service } from '../../runtime/service.ts'
import { createFiguresWindow } from './figures-window.ts'
import { toLiveFigures } from './live-figures.ts'
import type { LiveStream } from './live-stream.ts'

export interface LiveOptions {
  readonly board: Pick<FiguresBoard, 'read'>
  readonly queue: Pick<Queue, 'depth'>
  readonly providers: () => readonly { readonly name: string }[]
  readonly stream: LiveStream
  readonly clock: Clock
  readonly logger: Logger
}

export interface Live extends Service {
  /** Null: there was no reading yet. */
  readonly latest: LiveFigures | null
  readonly history: readonly HistoryPoint[]
}

const readIntervalMs = 1_000

export function createLive(options: LiveOptions): Live {
  const { board, queue, providers, stream, clock, logger } = options
  const window = createFiguresWindow()
  let latest: LiveFigures | null = null
  let history: readonly HistoryPoint[] = []

  async function depths(): Promise<Map<Lane, QueueDepth>> {
    const found = await Promise.allSettled(
      lanes.map(async (lane) => [lane, await queue.depth(lane)] as const),
    )
    return new Map(found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
  }

  /** While the board is away nobody tells anything, and the console shows just that. */
  async function told(): Promise<ProcessFigures[]> {
    try {
      return await board.read()
    } catch (error) {
      logger.debug({ event: 'figures.not_read', err: error })
      return []
    }
  }

  const reading = createPeriodic({
    name: 'live figures of the console',
    intervalMs: readIntervalMs,
    async run() {
      const [figures, depthOf] = await Promise.all([told(), depths()])
      window.add(figures, clock.monotonicMs())
      const names = providers().map(({ name }) => name)
      latest = toLiveFigures(window, names, depthOf, new Date(clock.now()))
      history = [...history, toHistoryPoint(latest)].slice(-historyPointsMax)
      stream.send({ name: 'figures', data: latest })
      return undefined
    },
    onError: (error) => logger.warn({ event: 'console.live_failed', err: error }),
  })
  return {
    name: reading.name,
    get latest() {
      return latest
    },
    get history() {
      return history
    },
    start: () => reading.start(),
    stop: () => reading.stop(),
  }
}
