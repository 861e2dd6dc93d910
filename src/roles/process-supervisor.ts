/**
 * `--processes N`: the same executable N times for one role, restarted with back-off when one ends, stopped together. The
 * parent does no work of its own; it serves the metrics of all children as one.
 */
import { AggregatorRegistry } from 'prom-client'
import type { Logger } from '../runtime/logger.ts'
import { createNotifier, pause } from '../runtime/notifier.ts'
import type { Service } from '../runtime/service.ts'
import { createSharedCall } from '../runtime/shared-call.ts'
import type { MetricsJson, ToChild, ToParent } from './process-messages.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface SupervisorOptions {
  readonly count: number
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Children that have not ended this long after the signal are killed. */
  readonly stopMsMax: number
  readonly logger: Logger
  /** A child ended in a way that starting it again cannot help: the whole must stop, with this code. */
  readonly onHopeless: (exitCode: number) => void
}

export interface Supervisor extends Service {
  /** The metrics of all children, added up. */
  metricsText(): Promise<string>
  /** How many children take work. */
  readonly startedCount: number
  /** Passes SIGHUP on to the children. */
  reload(): void
}

const restartPauseMs = 500
const restartPauseMsMax = 30_000
/** A child that ran this long was well: its next restart is quick again. */
const steadyMs = 60_000
const metricsMsMax = 1_000

interface Child {
  readonly process: Bun.Subprocess
  started: boolean
  /** There was a SIGHUP since it was spawned; before it is started it may not listen yet, and would end. */
  reloadMissed: boolean
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { count, logger } = options
  const stopping = new AbortController()
  const children = new Map<number, Child>()
  const answers = new Map<number, MetricsJson[]>()
  const answered = createNotifier()
  let requests = 0
  let keepers: Promise<void>[] = []

  function spawn(index: number): Child {
    const subprocess = Bun.spawn([...options.command], {
      env: { ...options.env, PROCESSES: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (message: ToParent) => onMessage(index, message),
      serialization: 'json',
    })
    return { process: subprocess, started: false, reloadMissed: false }
  }

  function onMessage(index: number, message: ToParent): void {
    const child = children.get(index)
    if (child === undefined) return
    switch (message.kind) {
      case 'started':
        child.started = true
        if (child.reloadMissed) child.process.kill('SIGHUP')
        break
      case 'metrics':
        answers.get(message.request)?.push(message.metrics)
        answered.notify()
        break
      case 'metrics_text_wanted':
        void metricsText().then((text) => tell(child, { ...message, kind: 'metrics_text', text }))
        break
      default:
        message satisfies never
    }
  }

  function tell(child: Child, message: ToChild): void {
    try {
      child.process.send(message)
    } catch {
      // It has just ended; its keeper sees to that.
    }
  }

  /** Keeps one place filled until the supervisor stops. */
  async function keep(index: number): Promise<void> {
    let pauseMs = restartPauseMs
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      try {
        const child = spawn(index)
        children.set(index, child)
        const exitCode = await child.process.exited
        children.delete(index)
        if (stopping.signal.aborted) return
        const { signalCode } = child.process
        logger.error({ event: 'child.exited', index, exit_code: exitCode, signal: signalCode })
        if (exitCode === exitCodes.configuration || exitCode === exitCodes.migrationsPending) {
          options.onHopeless(exitCode)
          return
        }
      } catch (error) {
        // No process to be had now, or the executable is being replaced.
        logger.error({ event: 'child.not_started', index, err: error })
      }
      const ranMs = performance.now() - startedAt
      pauseMs = ranMs >= steadyMs ? restartPauseMs : pauseMs
      await pause(pauseMs, stopping.signal)
      pauseMs = Math.min(restartPauseMsMax, pauseMs * 2)
    }
  }

  const metricsText = createSharedCall(askForMetrics)

  async function askForMetrics(): Promise<string> {
    const request = ++requests
    const asked = [...children.values()].filter((child) => child.started)
    const collected: MetricsJson[] = []
    answers.set(request, collected)
    for (const child of asked) tell(child, { kind: 'metrics_wanted', request })
    const deadline = performance.now() + metricsMsMax
    const never = new AbortController().signal
    while (collected.length < asked.length && performance.now() < deadline) {
      await answered.wait(never, deadline - performance.now())
    }
    answers.delete(request)
    return await AggregatorRegistry.aggregate(collected).metrics()
  }

  return {
    name: 'processes',
    metricsText,
    get startedCount() {
      return [...children.values()].filter((child) => child.started).length
    },
    reload() {
      for (const child of children.values()) {
        if (child.started) child.process.kill('SIGHUP')
        else child.reloadMissed = true
      }
    },
    async start() {
      keepers = Array.from({ length: count }, (_, index) => keep(index))
    },
    async stop() {
      stopping.abort()
      for (const child of children.values()) child.process.kill('SIGTERM')
      const killTimer = setTimeout(() => {
        for (const child of children.values()) child.process.kill('SIGKILL')
      }, options.stopMsMax)
      await Promise.all(keepers)
      clearTimeout(killTimer)
    },
  }
}
