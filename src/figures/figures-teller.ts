/** Tells the board each second what a process measures. */
import { hostname } from 'node:os'
import type { Registry } from 'prom-client'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { FiguresBoard } from './figures-board.ts'
import { collectFigures } from './process-figures.ts'

export interface FiguresTellerOptions {
  readonly board: FiguresBoard
  readonly registry: Registry
  readonly role: string
  readonly version: string
  readonly logger: Logger
}

export const tellIntervalMs = 1_000

/** Closes the board when it stops. */
export function createFiguresTeller(options: FiguresTellerOptions): Service {
  const { board, registry, role, version, logger } = options
  // Containers may have the name and the process number in common.
  const instance = `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`
  let sequence = 0
  let isTold = true

  const telling = createPeriodic({
    name: 'live figures',
    intervalMs: tellIntervalMs,
    async run() {
      sequence++
      await board.tell({ instance, role, version, sequence, ...(await collectFigures(registry)) })
      isTold = true
      return undefined
    },
    onError(error) {
      // Once for each time that it begins: messages do not depend on it.
      if (isTold) logger.debug({ event: 'figures.not_told', err: error })
      isTold = false
    },
  })
  return {
    name: telling.name,
    start: () => telling.start(),
    async stop() {
      await telling.stop()
      await board.withdraw(instance)
      await board.close()
    },
  }
}
