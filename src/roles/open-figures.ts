/** Where processes tell each other their figures: Redis when it is configured, in the process when not. */
import type { ConsoleSettings } from '../api/console/console.ts'
import type { Config, Environment } from '../config/config.ts'
import { printSettings } from '../config/print.ts'
import type { Role } from '../config/role.ts'
import type { FiguresBoard } from '../figures/figures-board.ts'
import { createFiguresTeller } from '../figures/figures-teller.ts'
import { createMemoryBoard } from '../figures/memory-board.ts'
import { createRedisBoard } from '../figures/redis-board.ts'
import { createRedisConnection } from '../queue/redis/connection.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Service } from '../runtime/service.ts'
import { version } from './build-info.ts'

export interface Figures {
  readonly board: FiguresBoard
  /** Tells, and closes the board in the end. */
  readonly service: Service
}

/** Nobody waits longer for figures. */
const answerMsMax = 500

export function openFigures(
  config: Config,
  role: Role,
  registry: Registry,
  logger: Logger,
): Figures {
  const { redis, streams } = config
  const board =
    redis === null
      ? createMemoryBoard()
      : createRedisBoard({
          connection: createRedisConnection({
            endpoint: {
              host: redis.host,
              port: redis.port,
              ...(redis.password === null ? {} : { password: redis.password }),
              commandTimeoutMs: Math.min(redis.commandTimeoutMs, answerMsMax),
            },
            name: 'sms-gateway-figures',
            blockMsMax: 0,
          }),
          // Installations that share a server have other streams, and so other figures.
          key: `${streams.normal}:figures`,
        })
  return { board, service: createFiguresTeller({ board, registry, role, version, logger }) }
}

export function consoleSettings(
  environment: Environment,
  role: Role,
  config: Config,
  board: FiguresBoard,
): Pick<ConsoleSettings, 'board' | 'opensLocally' | 'configuration'> | null {
  if (config.console === 'off') return null
  return {
    board,
    opensLocally: role === 'standalone',
    configuration: () => printSettings(environment, role),
  }
}
