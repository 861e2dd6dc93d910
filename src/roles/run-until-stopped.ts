/**
 * The life of a long-running role: start its services in order, run until a signal, stop them in reverse. What hangs while
 * stopping is named, and does not keep the rest from stopping. A second signal ends the process at once,
 * unless it comes so soon that it is the first again.
 */
import { DeadlineError, withDeadline } from '../runtime/deadline.ts'
import type { ProcessLogger } from '../runtime/logger.ts'
import type { Service } from '../runtime/service.ts'

export interface RunOptions {
  /** In the order of starting; stopped in reverse. */
  readonly services: readonly Service[]
  readonly log: ProcessLogger
  /** How long one service may take to stop. */
  readonly stopMsMax: number
  /** After everything has started. */
  readonly onStarted?: () => void
  /** As the first thing when stopping: readiness off, and the time for a load balancer to see it. */
  readonly onStopping?: () => Promise<void>
}

export const exitCodes = {
  ok: 0,
  failure: 1,
  configuration: 2,
  migrationsPending: 3,
} as const

const signals = ['SIGTERM', 'SIGINT'] as const

/** A terminal signals the whole group, and npm and shells in it pass theirs on: what comes so soon is the same signal again. */
const oneSignalMs = 500

/** Resolves with the exit code. */
export async function runUntilStopped(options: RunOptions): Promise<number> {
  const { services, log } = options
  const { logger } = log
  let receivedAtMs: number | null = null
  let stopNow: (reason: string) => void = () => undefined
  const stopRequested = new Promise<string>((resolve) => {
    stopNow = resolve
  })
  function onSignal(signal: string): void {
    if (receivedAtMs === null) {
      receivedAtMs = performance.now()
      stopNow(signal)
      return
    }
    if (performance.now() - receivedAtMs < oneSignalMs) return
    // A terminal and systemd signal the whole group, and the supervisor signals its children too: only the supervisor, which
    // ends or kills its children, takes the second for impatience.
    if (process.connected) return
    logger.warn({ event: 'process.killed', signal })
    log.flush()
    process.exit(exitCodes.failure)
  }
  for (const signal of signals) process.on(signal, onSignal)

  const started: Service[] = []
  try {
    for (const service of services) {
      await service.start()
      started.push(service)
    }
  } catch (error) {
    logger.fatal({ event: 'process.start_failed', err: error })
    process.stderr.write(`sms-gateway: ${error instanceof Error ? error.message : String(error)}\n`)
    await stopAll(started, options)
    log.flush()
    return exitCodes.failure
  }
  logger.info({ event: 'process.started' })
  options.onStarted?.()

  const reason = await stopRequested
  logger.info({ event: 'process.stopping', reason })
  await options.onStopping?.()
  const clean = await stopAll(started, options)
  logger.info({ event: 'process.stopped', clean })
  log.flush()
  return clean ? exitCodes.ok : exitCodes.failure
}

async function stopAll(started: Service[], { log, stopMsMax }: RunOptions): Promise<boolean> {
  let clean = true
  for (const service of started.reverse()) {
    try {
      await withDeadline(`stopping ${service.name}`, stopMsMax, service.stop())
    } catch (error) {
      clean = false
      const event = error instanceof DeadlineError ? 'service.stop_hangs' : 'service.stop_failed'
      log.logger.error({ event, service: service.name, err: error })
    }
  }
  return clean
}
