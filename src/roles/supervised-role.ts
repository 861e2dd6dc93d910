/** A role in several processes on this machine: the parent supervises, the children work. */
import { type Config, type Environment, loadConfig } from '../config/config.ts'
import { createLogger } from '../runtime/logger.ts'
import { createHttpListener } from './http-listener.ts'
import { selfCommand } from './outbound-connections.ts'
import { createSupervisor } from './process-supervisor.ts'
import { createReadiness } from './readiness.ts'
import { exitCodes, runUntilStopped } from './run-until-stopped.ts'
import {
  createStatusRoutes,
  statusBodyBytesMax,
  statusIdleSeconds,
  statusStopGraceMs,
} from './status-routes.ts'
import { stopMsMax } from './stopping.ts'

/** How long children that were killed may take to be gone. */
const killedMsMax = 5_000

export type MultiProcessRole = 'api' | 'processor'

/** How many processes are asked for; 1 when the configuration has faults, which the role itself will list. */
export function processesWanted(environment: Environment, role: MultiProcessRole): number {
  const result = loadConfig(environment, role)
  return result.ok ? result.config.processes : 1
}

export async function runSupervised(
  environment: Environment,
  config: Config,
  role: MultiProcessRole,
): Promise<number> {
  const log = createLogger(config.logLevel, `${role} supervisor`)
  let hopelessCode: number | null = null
  const childStopMsMax = config.processing.drainDelayMs + stopMsMax(config)
  const supervisor = createSupervisor({
    count: config.processes,
    command: selfCommand(),
    env: environment,
    stopMsMax: childStopMsMax,
    logger: log.logger,
    onHopeless: (exitCode) => {
      hopelessCode = exitCode
      process.kill(process.pid, 'SIGTERM')
    },
  })
  process.on('SIGHUP', () => supervisor.reload())
  const readiness = createReadiness({
    processes: async () => {
      if (supervisor.startedCount < config.processes) throw new Error('not all are started')
    },
  })
  const status = createHttpListener({
    name: 'metrics',
    setting: 'METRICS_ADDR',
    address: config.metricsAddress,
    fetch: createStatusRoutes({ readiness, metricsText: supervisor.metricsText }),
    maxRequestBodyBytes: statusBodyBytesMax,
    idleTimeoutSeconds: statusIdleSeconds,
    reusePort: false,
    stopGraceMs: statusStopGraceMs,
  })
  const exitCode = await runUntilStopped({
    services: [status, supervisor],
    log,
    stopMsMax: childStopMsMax + killedMsMax,
    onStopping: async () => readiness.stopping(),
  })
  return hopelessCode ?? exitCode ?? exitCodes.ok
}
