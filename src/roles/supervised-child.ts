/** The child's side of `--processes N`: it gives its metrics to the parent, and asks the parent for everybody's. */
import type { Registry } from 'prom-client'
import { withDeadline } from '../runtime/deadline.ts'
import type { MetricsJson, ToChild, ToParent } from './process-messages.ts'

export interface SupervisedChild {
  /** Tells the parent that this process takes work. */
  started(): void
  /** The metrics of all processes of the role, in Prometheus's text form. */
  metricsText(): Promise<string>
}

const answerMsMax = 3_000

/** Answers null when this process was not started by a supervisor. */
export function connectToSupervisor(registry: Registry): SupervisedChild | null {
  if (process.send === undefined) return null
  const waiting = new Map<number, (text: string) => void>()
  let requests = 0
  const send = (message: ToParent): void => {
    process.send?.(message)
  }

  process.on('message', (message: ToChild) => {
    switch (message.kind) {
      case 'metrics_wanted':
        void registry.getMetricsAsJSON().then((metrics) => {
          send({ kind: 'metrics', request: message.request, metrics: metrics as MetricsJson })
        })
        break
      case 'metrics_text':
        waiting.get(message.request)?.(message.text)
        waiting.delete(message.request)
        break
      default:
        message satisfies never
    }
  })
  // A child without a parent would run on unseen: it ends like after a signal.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))

  return {
    started: () => send({ kind: 'started' }),
    async metricsText() {
      const request = ++requests
      const text = new Promise<string>((resolve) => waiting.set(request, resolve))
      send({ kind: 'metrics_text_wanted', request })
      try {
        return await withDeadline('metrics of all processes', answerMsMax, text)
      } finally {
        waiting.delete(request)
      }
    },
  }
}
