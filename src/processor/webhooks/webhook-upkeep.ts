/** Chores about webhooks: history that is over, backlogs that are too long, gauges. */
import type { Logger } from '../../runtime/logger.ts'
import { createPeriodic } from '../../runtime/periodic.ts'
import type { Service } from '../../runtime/service.ts'
import type { Store } from '../../store/store.ts'
import { noteDisabled } from './webhook-deliveries.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'

export interface WebhookUpkeepOptions {
  readonly store: Pick<Store, 'removeOldWebhooks' | 'disableBacklog' | 'measureWebhooks'>
  readonly retentionDays: number
  /** An endpoint for which more than this waits is disabled. */
  readonly backlogMax: number
  readonly metrics: WebhookMetrics
  readonly logger: Logger
}

const removalIntervalMs = 60_000
const backlogIntervalMs = 30_000
const gaugesIntervalMs = 10_000

export function createWebhookUpkeep(options: WebhookUpkeepOptions): Service[] {
  const { store, metrics, logger } = options

  /** Step by step, until nothing is left. */
  async function remove(signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted && (await store.removeOldWebhooks(options.retentionDays)).more);
    return undefined
  }

  async function disable(): Promise<boolean> {
    const endpoint = await store.disableBacklog(options.backlogMax)
    if (endpoint !== null) noteDisabled(endpoint, metrics, logger)
    return endpoint !== null
  }

  async function measure(): Promise<undefined> {
    const { count, overdueMs } = await store.measureWebhooks()
    metrics.waiting.set(count)
    metrics.overdue.set(overdueMs / 1_000)
    return undefined
  }

  const chore = (
    name: string,
    intervalMs: number,
    run: (signal: AbortSignal) => Promise<boolean | undefined>,
  ) =>
    createPeriodic({
      name,
      intervalMs,
      run,
      onError: (error) => logger.warn({ event: 'webhook.upkeep_failed', chore: name, err: error }),
    })
  return [
    chore('webhook history', removalIntervalMs, remove),
    chore('webhook backlogs', backlogIntervalMs, disable),
    chore('webhook gauges', gaugesIntervalMs, measure),
  ]
}
