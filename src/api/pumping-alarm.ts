/** Tells whoever runs the service that somebody's traffic looks pumped up: by metrics, and in the log once a minute a customer. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { guardNames, type LimitCounter, prefixOf } from '../domain/traffic-limits.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { startAtZero } from '../runtime/metrics.ts'

export interface PumpingAlarm {
  /** A message that the guard refused. */
  refused(
    message: { readonly customer_id: number; readonly phone: string },
    guards: readonly LimitCounter[],
  ): void
}

const logIntervalMs = 60_000
/** So long after its last refusal a customer counts as suspected. */
const suspectedMs = 300_000
/** Suspects remembered; the one that was refused longest ago is forgotten first. */
const customersMax = 1_000

interface Suspect {
  readonly refusedAtMs: number
  readonly saidAtMs: number
  readonly unsaid: number
}

export function createPumpingAlarm(
  registry: Registry,
  logger: Logger,
  clock: Pick<Clock, 'monotonicMs'>,
): PumpingAlarm {
  const suspects = new Map<number, Suspect>()
  const registers = [registry]
  const refusals = startAtZero(
    new Counter({
      name: 'sms_pumping_refused_total',
      help: 'Messages refused by the guard against pumped traffic, by the rule they were beyond.',
      labelNames: ['rule'],
      registers,
    }),
    { rule: guardNames },
  )
  new Gauge({
    name: 'sms_pumping_suspected_customers',
    help: 'Customers of whose messages the guard has refused one within five minutes.',
    registers,
    aggregator: 'max',
    collect() {
      forget()
      this.set(suspects.size)
    },
  })

  /** They are in the order of their last refusal. */
  function forget(): void {
    const nowMs = clock.monotonicMs()
    for (const [customerId, { refusedAtMs }] of suspects) {
      if (nowMs - refusedAtMs < suspectedMs && suspects.size <= customersMax) return
      suspects.delete(customerId)
    }
  }

  return {
    refused({ customer_id: customerId, phone }, guards) {
      for (const { name } of guards) refusals.inc({ rule: name })
      const nowMs = clock.monotonicMs()
      const { saidAtMs = Number.NEGATIVE_INFINITY, unsaid = 0 } = suspects.get(customerId) ?? {}
      const isToBeSaid = nowMs - saidAtMs >= logIntervalMs
      suspects.delete(customerId)
      suspects.set(customerId, {
        refusedAtMs: nowMs,
        saidAtMs: isToBeSaid ? nowMs : saidAtMs,
        unsaid: isToBeSaid ? 0 : unsaid + 1,
      })
      forget()
      if (!isToBeSaid) return
      logger.warn({
        event: 'pumping.refused',
        customerId,
        // The number itself is nobody's affair.
        prefix: prefixOf(phone),
        rules: guards.map(({ name }) => name),
        count: unsaid + 1,
      })
    },
  }
}
