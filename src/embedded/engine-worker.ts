/** The main thread's handle of the engine's worker. */
import type { WorkerCommand, WorkerEvent } from './worker-messages.ts'

/**
 * From source relative to this file; in the executable, where all modules of an entry point are one file at the
 * root, by the worker's place below the entry points' common directory, `src`.
 */
const WORKER_PATH = Bun.isStandaloneExecutable ? './embedded/worker.ts' : './worker.ts'

export interface EngineWorkerOptions {
  readonly onWarning: (message: string) => void
  /** The worker is gone, or its engine is, and nobody was waiting for an answer. */
  readonly onFailure: (error: Error) => void
}

export class EngineWorker {
  readonly #worker: Worker
  readonly #options: EngineWorkerOptions
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined
  #isOver = false

  constructor(options: EngineWorkerOptions) {
    this.#options = options
    this.#worker = new Worker(new URL(WORKER_PATH, import.meta.url))
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerEvent>) => this.#hear(data)
    this.#worker.onerror = (event) => this.#fail(new Error(event.message))
    this.#worker.addEventListener('close', () => this.#fail(new Error('its thread ended')))
  }

  /** Resolves once it is done; one command at a time. @throws when the engine fails at it */
  command(command: WorkerCommand): Promise<void> {
    if (this.#isOver) return Promise.reject(new Error('the engine is gone'))
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#worker.postMessage(command)
    })
  }

  /** Frees the thread and the engine's memory. Safe to repeat. */
  terminate(): void {
    this.#isOver = true
    this.#worker.terminate()
  }

  #hear(event: WorkerEvent): void {
    switch (event.kind) {
      case 'created':
      case 'serving':
      case 'stopped':
        this.#waiting?.resolve()
        this.#waiting = undefined
        break
      case 'warning':
        this.#options.onWarning(event.message)
        break
      case 'failed':
        this.#fail(new Error(event.message))
        break
      default:
        event satisfies never
    }
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#waiting === undefined) this.#options.onFailure(error)
    else this.#waiting.reject(error)
    this.#waiting = undefined
  }
}
