/** The price lists in use, as they were a few seconds ago at most; one that has not changed is not read again. */
import type { Amount } from '../domain/money.ts'
import { commonList, type PriceList } from '../domain/price-list.ts'
import type { Clock } from '../runtime/clock.ts'
import { createFreshLookup } from '../runtime/fresh-lookup.ts'
import type { Store } from '../store/store.ts'

export interface PriceLists {
  /** The lists that a customer's messages are priced by, its own first. At once when they are known. @throws what `storeFailure` explains */
  of(customerId: number): readonly PriceList[] | Promise<readonly PriceList[]>
  close(): Promise<void>
}

/** What is changed is in force everywhere within this time. */
const priceAgeMsMax = 4_000
const refreshMs = 1_500

/** Customers whose lists are remembered. */
const listsMax = 1_000

interface KnownList {
  readonly version: string
  readonly list: PriceList
}

export function createPriceLists(
  store: Pick<Store, 'findPriceLists' | 'findPriceListVersions'>,
  clock: Clock,
): PriceLists {
  const lists = new Map<number, KnownList>()

  async function read(ids: readonly number[]): Promise<Map<number, PriceList>> {
    const versions = await store.findPriceListVersions(ids)
    const changed = [...versions].filter(([id, version]) => lists.get(id)?.version !== version)
    const fresh =
      changed.length === 0 ? null : await store.findPriceLists(changed.map(([id]) => id))
    const answer = new Map<number, PriceList>()
    for (const id of versions.keys()) {
      const stored = fresh?.get(id)
      const list = stored === undefined ? lists.get(id)?.list : listOf(stored.prices)
      if (list !== undefined) answer.set(id, list)
      if (stored !== undefined && list !== undefined)
        remember(id, { version: stored.version, list })
    }
    return answer
  }

  function remember(id: number, list: KnownList): void {
    const [first = id] = lists.keys()
    if (lists.size >= listsMax) lists.delete(first)
    lists.set(id, list)
  }

  const known = createFreshLookup<number, PriceList>({
    name: 'price lists',
    read,
    missesToo: true,
    keysMax: listsMax,
    refreshMs,
    ageMsMax: priceAgeMsMax,
    clock,
  })

  return {
    of(customerId) {
      const own = known.find(customerId)
      const common = known.find(commonList)
      if (own instanceof Promise || common instanceof Promise) {
        return Promise.all([own, common]).then(present)
      }
      return present([own, common])
    },
    close: () => known.close(),
  }
}

function present(found: readonly (PriceList | null)[]): readonly PriceList[] {
  return found.filter((list) => list !== null)
}

const listOf = (prices: Readonly<Record<string, Amount>>): PriceList =>
  new Map(Object.entries(prices))
