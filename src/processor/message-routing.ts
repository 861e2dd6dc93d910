/**
 * The routes of claimed messages, from the rules of the providers and what is set for their customers. Where there are neither, it
 * costs nothing.
 */
import type { ClaimedMessage, MessageId } from '../domain/message.ts'
import {
  forbids,
  holderOf,
  planRoute,
  type Route,
  type RoutingSettings,
} from '../domain/routing.ts'
import type { ProviderPool, Reservation } from '../providers/provider-pool.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { CustomerRouting } from './customer-routing.ts'
import type { ProcessorMetrics } from './processor-metrics.ts'
import type { RoutePlaces } from './route-places.ts'

/** Of the messages that may not go to just any provider. Null: all may. Undefined: it could not be found out. */
export type Routes = ReadonlyMap<MessageId, Route> | null | undefined

export interface MessageRoutingOptions {
  readonly pool: Pick<ProviderPool, 'routes'>
  readonly customers: Pick<CustomerRouting, 'isUsed' | 'find'>
  readonly places: RoutePlaces
  /** Finding out takes at most this part of a claim's lease. */
  readonly findMsMax: number
  readonly metrics: Pick<ProcessorMetrics, 'routed'>
  readonly logger: Logger
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export interface MessageRouting {
  readonly places: RoutePlaces
  /** Never rejects. */
  find(messages: readonly ClaimedMessage[]): Routes | Promise<Routes>
  /**
   * The place, when the message may be submitted there; else it is given back. A message in doubt goes by another rule, which is the
   * round's.
   */
  usable(message: ClaimedMessage, place: Reservation, routes: Routes): Reservation | null
}

export function createMessageRouting(options: MessageRoutingOptions): MessageRouting {
  const { pool, customers, places, metrics, logger, clock } = options

  function plan(
    messages: readonly ClaimedMessage[],
    settings: readonly (RoutingSettings | null)[],
  ): Routes {
    const table = pool.routes
    const routes = new Map<MessageId, Route>()
    for (const [place, { id, recipient, inDoubtProvider }] of messages.entries()) {
      const routing = settings[place] ?? null
      if (!table.hasRules && routing === null) continue
      const request = { recipient, routing }
      const route = planRoute(table, request)
      const isForbidden = inDoubtProvider !== null && forbids(table, inDoubtProvider, request)
      routes.set(id, isForbidden ? { ...route, forbidden: inDoubtProvider } : route)
    }
    return routes
  }

  function settingsOf(messages: readonly ClaimedMessage[]) {
    const asked = new Map<number, ReturnType<typeof customers.find>>()
    return messages.map(({ customerId }) => {
      const known = asked.get(customerId) ?? customers.find(customerId)
      asked.set(customerId, known)
      return known
    })
  }

  async function findLater(messages: readonly ClaimedMessage[]): Promise<Routes> {
    const beganMs = clock.monotonicMs()
    try {
      const settings = await Promise.all(settingsOf(messages))
      if (clock.monotonicMs() - beganMs > options.findMsMax) throw new Error('it took too long')
      return plan(messages, settings)
    } catch (error) {
      logger.error({ event: 'routes.failed', count: messages.length, err: error })
      return undefined
    }
  }

  return {
    places,
    find(messages) {
      if (customers.isUsed) return findLater(messages)
      return pool.routes.hasRules ? plan(messages, []) : null
    },
    usable(message, place, routes) {
      const { id, lane } = message
      if (routes !== undefined) {
        const route = routes?.get(id)
        if (route === undefined || holderOf(message, route) !== null) return place
        if (places.fits(route, place.provider, lane === 'express')) return place
        metrics.routed.inc({ lane, result: 'moved' })
      }
      place.cancel()
      return null
    },
  }
}
