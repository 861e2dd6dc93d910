/**
 * The chores of what people send to our numbers: giving up parts that never come, canceling what waits for somebody who has opted out
 * since, and retention.
 */
import { Counter, type Registry } from 'prom-client'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { Store } from '../store/store.ts'

export interface InboundServicesOptions {
  readonly store: Pick<
    Store,
    'giveUpParts' | 'forgetInbound' | 'findWaitingOptedOut' | 'cancelMessage'
  >
  /** A message whose first part came longer ago is given on without the missing ones. */
  readonly partsTimeoutMs: number
  readonly retentionDays: number
  readonly registry: Registry
  readonly logger: Logger
}

const giveUpIntervalMs = 1_000
/** Given up in one statement. */
const giveUpMax = 200
const forgetIntervalMs = 60_000
const cancelIntervalMs = 2_000
/** What is due within this time is looked at: several times before it is. */
const cancelAheadMs = 10_000
const cancelMax = 500

export function createInboundServices(options: InboundServicesOptions): Service[] {
  const { store, logger } = options
  const givenUp = new Counter({
    name: 'sms_inbound_incomplete_total',
    help: 'Inbound messages stored without parts that did not come in time.',
    registers: [options.registry],
  })

  async function giveUp(): Promise<boolean> {
    const ids = Array.from({ length: giveUpMax }, () => Bun.randomUUIDv7())
    const emitted = await store.giveUpParts(ids, options.partsTimeoutMs)
    if (emitted.length === 0) return false
    givenUp.inc(emitted.length)
    logger.warn({ event: 'inbound.incomplete', count: emitted.length })
    return emitted.length === giveUpMax
  }

  const canceled = new Counter({
    name: 'sms_opted_out_canceled_total',
    help: 'Messages canceled while they waited, because their recipients had opted out.',
    registers: [options.registry],
  })

  async function cancelOptedOut(signal: AbortSignal): Promise<boolean> {
    const ids = await store.findWaitingOptedOut(cancelAheadMs, cancelMax)
    let count = 0
    for (const id of ids) {
      if (signal.aborted) break
      if ((await store.cancelMessage(id, null)) === 'canceled') count++
    }
    canceled.inc(count)
    return count === cancelMax
  }

  /** Step by step, until nothing is left. */
  async function forget(signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted && (await store.forgetInbound(options.retentionDays)));
    return undefined
  }

  return [
    createPeriodic({
      name: 'inbound parts',
      intervalMs: giveUpIntervalMs,
      run: giveUp,
      onError: (error) => logger.warn({ event: 'inbound.failed', err: error }),
    }),
    createPeriodic({
      name: 'opt-outs',
      intervalMs: cancelIntervalMs,
      run: cancelOptedOut,
      onError: (error) => logger.warn({ event: 'opt_outs.failed', err: error }),
    }),
    createPeriodic({
      name: 'inbound retention',
      intervalMs: forgetIntervalMs,
      run: forget,
      onError: (error) => logger.warn({ event: 'inbound.failed', err: error }),
    }),
  ]
}
