/**
 * What is set for customers about the routes of their messages. Whether anything is set for anybody is read every second; as long
 * as nothing is, nobody is looked up.
 */
import type { CustomerProfile } from '../domain/customer-settings.ts'
import { choosesProviders, type RoutingSettings } from '../domain/routing.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFreshLookup } from '../runtime/fresh-lookup.ts'
import type { Logger } from '../runtime/logger.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { Store } from '../store/store.ts'

export interface CustomerRouting extends Service {
  /** Whether anything is set for any customer. */
  readonly isUsed: boolean
  /** Null: nothing is. At once when it is known. @throws when it cannot be read */
  find(customerId: number): RoutingSettings | null | Promise<RoutingSettings | null>
  /** When nobody asks any more. */
  close(): Promise<void>
}

export interface CustomerRoutingOptions {
  readonly store: Pick<Store, 'hasCustomerRouting' | 'findCustomerProfiles'>
  readonly logger: Logger
  readonly clock: Pick<Clock, 'monotonicMs'>
}

const usedIntervalMs = 1_000
const refreshMs = 1_500
/** With the second above, what is set is in force within five seconds. */
const ageMsMax = 4_000
/** Customers remembered; without keys a message may name any number. */
const customersMax = 10_000

/** Starting reads whether it is used, and throws when it cannot: a process that does not know must not send. */
export function createCustomerRouting(options: CustomerRoutingOptions): CustomerRouting {
  const { store, logger, clock } = options
  let isUsed = false
  const known = createFreshLookup<number, CustomerProfile>({
    name: 'routing of customers',
    read: (ids) => store.findCustomerProfiles(ids),
    missesToo: true,
    keysMax: customersMax,
    refreshMs,
    ageMsMax,
    clock,
  })

  async function read(): Promise<undefined> {
    isUsed = await store.hasCustomerRouting()
    return undefined
  }

  const reading = createPeriodic({
    name: 'routing of customers',
    intervalMs: usedIntervalMs,
    run: read,
    onError: (error) => logger.warn({ event: 'customer_routing.failed', err: error }),
  })
  return {
    name: reading.name,
    get isUsed() {
      return isUsed
    },
    find(customerId) {
      const profile = known.find(customerId)
      return profile instanceof Promise ? profile.then(routingOf) : routingOf(profile)
    },
    async start() {
      await read()
      await reading.start()
    },
    stop: () => reading.stop(),
    close: () => known.close(),
  }
}

function routingOf(profile: CustomerProfile | null): RoutingSettings | null {
  const routing = profile?.settings.routing ?? null
  return choosesProviders(routing) ? routing : null
}
