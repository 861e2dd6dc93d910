/** What is particular to the customers whose messages come, as it was a few seconds ago at most. */
import { type CustomerProfile, unknownCustomer } from '../domain/customer-settings.ts'
import type { PriceList } from '../domain/price-list.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFreshLookup } from '../runtime/fresh-lookup.ts'
import type { Store } from '../store/store.ts'
import type { PriceLists } from './price-lists.ts'

export interface CustomerProfiles {
  /** At once when it is known. @throws what `storeFailure` explains */
  find(customerId: number): CustomerProfile | Promise<CustomerProfile>
  close(): Promise<void>
}

/** What is changed is in force everywhere within this time. */
export const profileAgeMsMax = 4_000
const refreshMs = 1_500

/** Customers remembered; without keys a message may name any number. */
const customersMax = 10_000

export function createCustomerProfiles(
  store: Pick<Store, 'findCustomerProfiles'>,
  priceLists: Pick<PriceLists, 'of'>,
  clock: Clock,
): CustomerProfiles {
  const known = createFreshLookup<number, CustomerProfile>({
    name: 'customers',
    read: (ids) => store.findCustomerProfiles(ids),
    missesToo: true,
    keysMax: customersMax,
    refreshMs,
    ageMsMax: profileAgeMsMax,
    clock,
  })

  /** With the prices that each was asked for last with. */
  const priced = new WeakMap<CustomerProfile, CustomerProfile>()

  function withPrices(
    found: CustomerProfile | null,
    customerId: number,
  ): CustomerProfile | Promise<CustomerProfile> {
    const profile = found ?? unknownCustomer(customerId)
    if (profile.account === null) return profile
    const lists = priceLists.of(customerId)
    return lists instanceof Promise
      ? lists.then((prices) => pricedBy(profile, prices))
      : pricedBy(profile, lists)
  }

  function pricedBy(profile: CustomerProfile, prices: readonly PriceList[]): CustomerProfile {
    const last = priced.get(profile)
    if (last !== undefined && isSame(last.prices, prices)) return last
    const next = { ...profile, prices }
    priced.set(profile, next)
    return next
  }

  return {
    find(customerId) {
      const profile = known.find(customerId)
      return profile instanceof Promise
        ? profile.then((found) => withPrices(found, customerId))
        : withPrices(profile, customerId)
    },
    close: () => known.close(),
  }
}

function isSame(some: readonly PriceList[], others: readonly PriceList[]): boolean {
  return some.length === others.length && some.every((list, place) => list === others[place])
}
