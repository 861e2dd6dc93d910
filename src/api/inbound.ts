/** All of the API about what people send to our numbers, and what they opt out of. */

import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'
import type { Access } from './caller.ts'
import type { CustomerProfiles } from './customer-profiles.ts'
import { createInboundIntake } from './inbound-intake.ts'
import { inboundMessageRoutes } from './inbound-message-routes.ts'
import { createInboundMetrics } from './inbound-metrics.ts'
import { inboundReceiveRoute } from './inbound-receive-route.ts'
import { numberRoutes } from './number-routes.ts'
import { optOutRoutes } from './opt-out-routes.ts'
import { createOptedOut } from './opted-out.ts'
import { createRefusedReports } from './refused-reports.ts'
import type { ProviderSecret } from './report-routes.ts'
import type { ReadJson } from './request-body.ts'
import type { Route } from './route.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'
import type { SubmitRefusal } from './submit-candidate.ts'

export type InboundStore = Pick<
  Store,
  | 'takeInbound'
  | 'listInboundMessages'
  | 'getInboundMessage'
  | 'listNumberRoutes'
  | 'recorded'
  | 'addOptOuts'
  | 'removeOptOut'
  | 'listOptOuts'
  | 'customersWithOptOuts'
  | 'findOptedOut'
>

export interface InboundOptions {
  readonly store: InboundStore
  readonly access: Access
  readonly readJson: ReadJson
  readonly profiles: Pick<CustomerProfiles, 'find'>
  readonly classify: ClassifyDatabaseError
  readonly providerSecret: ProviderSecret
  /** Names of those whose counters are shown from the start. */
  readonly providers: readonly string[]
  readonly senderIdDefault: string | null
  readonly registry: Registry
  readonly logger: Logger
  readonly clock: Clock
}

export interface Inbound {
  readonly routes: readonly Route[]
  /** Of messages to those who want none. */
  readonly refusal: SubmitRefusal
  close(): Promise<void>
}

export function createInbound(options: InboundOptions): Inbound {
  const { logger, clock, providers } = options
  const metrics = createInboundMetrics(options.registry)
  const intake = createInboundIntake({ ...options, metrics })
  const optedOut = createOptedOut(options)
  const onRefused = createRefusedReports(
    { reportsUnauthorized: metrics.unauthorized },
    logger,
    clock,
    providers,
    'inbound.unauthorized',
  )
  return {
    routes: [
      inboundReceiveRoute({ ...options, intake, onRefused }),
      ...inboundMessageRoutes(options),
      ...numberRoutes(options),
      ...optOutRoutes(options),
    ],
    refusal: optedOut.refusal,
    async close() {
      await Promise.all([intake.close(), optedOut.close()])
    },
  }
}
