/** Accounts, their ledgers, and prices. Customers look at their own; everything else is for administration. */
import type { Actor } from '../domain/audit.ts'
import { type Amount, formatAmount } from '../domain/money.ts'
import { commonList } from '../domain/price-list.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Account, LedgerEntry } from '../store/accounts.ts'
import type { StoredPriceList } from '../store/price-lists.ts'
import type { Store } from '../store/store.ts'
import { accountActs } from './account-acts.ts'
import {
  type AccountBody,
  accountChangeSchema,
  accountParametersSchema,
  type EntryBody,
  entryParametersSchema,
  newEntrySchema,
  type PriceListBody,
  priceListChangeSchema,
} from './account-schemas.ts'
import { type AdminRouteOptions, forAdmins } from './admin-route.ts'
import type { Caller } from './caller.ts'
import { forCallers } from './customer-route.ts'
import { customersPath } from './customer-routes.ts'
import { customerIdOf } from './customer-schemas.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { listingParameters, pageOf } from './listing.ts'
import type { Problem } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, queryOf, type Route } from './route.ts'

export interface AccountRoutesOptions extends Omit<AdminRouteOptions, 'tooLong'> {
  readonly store: Pick<
    Store,
    'getAccount' | 'listLedger' | 'findPriceLists' | 'getCustomer' | 'recorded'
  >
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const accountPath = '/api/v1/account'
export const entriesPath = `${accountPath}/entries`
export const pricesPath = '/api/v1/prices'

const bodyBytesMax = 4_096
/** Twenty thousand prices of thirty characters. */
const pricesBytesMax = 1_048_576

export function accountRoutes(options: AccountRoutesOptions): Route[] {
  const { store, readJson, logger } = options

  async function show({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const given = listingParameters(queryOf(request.url), accountParametersSchema)
    if ('kind' in given) return given
    const id = payerOf(caller, given.parameters.customer_id)
    if (typeof id !== 'number') return id
    const account = await store.getAccount(id)
    return account === null ? accountNotFound : jsonResponse(toAccountBody(account))
  }

  async function listEntries({ request }: Exchange, caller: Caller): Promise<Response | Problem> {
    const given = listingParameters(queryOf(request.url), entryParametersSchema)
    if ('kind' in given) return given
    const { customer_id, cursor, limit } = given.parameters
    const id = payerOf(caller, customer_id)
    if (typeof id !== 'number') return id
    const before = cursor === undefined ? null : Number(cursor)
    const { shown, last } = await pageOf(limit, (count) => store.listLedger(id, before, count))
    return jsonResponse({
      entries: shown.map(toEntryBody),
      next_cursor: last === undefined ? null : String(last.id),
    })
  }

  async function setAccount({ request, requestId, param }: Exchange, by: Actor) {
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = accountChangeSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { credit, return_rule } = parsed.data
    const id = customerIdOf(param('id'))
    const account =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.setAccount(id, { credit, returnRule: return_rule }),
            accountActs.set,
          )
    if (account === null) return customerNotFound
    logger.info({ event: 'account.set', request_id: requestId, customer_id: id })
    return jsonResponse(toAccountBody(account))
  }

  async function enter({ request, requestId, param }: Exchange, by: Actor) {
    const body = await readJson(request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newEntrySchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { kind, amount, reference, note = null } = parsed.data
    const id = customerIdOf(param('id'))
    const entered =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.enterInLedger(id, { kind, amount, reference, note }),
            accountActs.entered,
          )
    if (entered === null) return accountNotFound
    const { entry, isNew } = entered
    if (entry.kind !== kind || entry.amount !== amount) return referenceReused
    const event = { event: 'ledger.entered', request_id: requestId, customer_id: id, kind }
    if (isNew) logger.info(event)
    return jsonResponse(toEntryBody(entry), isNew ? 201 : 200)
  }

  async function showPrices({ param }: Exchange): Promise<Response | Problem> {
    const id = listIdOf(param('id'))
    if (id === null) return customerNotFound
    const isThere = id === commonList || (await store.getCustomer(id)) !== null
    if (!isThere) return customerNotFound
    return jsonResponse(toPriceListBody(id, (await store.findPriceLists([id])).get(id)))
  }

  async function setPrices({ request, requestId, param }: Exchange, by: Actor) {
    const body = await readJson(request, { bytesMax: pricesBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = priceListChangeSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const id = listIdOf(param('id'))
    const list =
      id === null
        ? null
        : await store.recorded(
            by,
            (changes) => changes.setPriceList(id, parsed.data.prices),
            accountActs.pricesSet(id),
          )
    if (id === null || list === null) return customerNotFound
    const prices = Object.keys(list.prices).length
    logger.info({ event: 'prices.set', request_id: requestId, customer_id: id, prices })
    return jsonResponse(toPriceListBody(id, list))
  }

  const forStaff = (handle: Parameters<typeof forAdmins>[1]) => forAdmins(options, handle)
  const forReaders = (handle: Parameters<typeof forCallers>[2]) =>
    forCallers(options, ['read'], handle)
  const ofCustomer = `${customersPath}/:id`
  return [
    { method: 'GET', path: accountPath, handle: forReaders(show) },
    { method: 'GET', path: entriesPath, handle: forReaders(listEntries) },
    { method: 'PUT', path: `${ofCustomer}/account`, handle: forStaff(setAccount) },
    { method: 'POST', path: `${ofCustomer}/account/entries`, handle: forStaff(enter) },
    { method: 'GET', path: pricesPath, handle: forStaff(showPrices) },
    { method: 'PUT', path: pricesPath, handle: forStaff(setPrices) },
    { method: 'GET', path: `${ofCustomer}/prices`, handle: forStaff(showPrices) },
    { method: 'PUT', path: `${ofCustomer}/prices`, handle: forStaff(setPrices) },
  ]
}

/** The customer whose account is asked for: a customer's own, staff's choice. */
function payerOf({ customerId }: Caller, given: string | undefined): number | Problem {
  if (given === undefined) return customerId ?? blame('is required')
  const id = Number(given)
  return customerId === null || customerId === id ? id : blame(`must be ${customerId}`)
}

const blame = (detail: string): Problem => invalidRequest([{ parameter: 'customer_id', detail }])

/** Without a customer it is the common list. */
function listIdOf(text: string): number | null {
  return text === '' ? commonList : customerIdOf(text)
}

const customerNotFound: Problem = {
  kind: 'customer-not-found',
  detail: 'There is no customer with this id.',
}
const accountNotFound: Problem = {
  kind: 'account-not-found',
  detail: 'This customer has no account: its messages cost nothing.',
}
const referenceReused: Problem = {
  kind: 'reference-reused',
  detail: 'There is another entry with this reference.',
}

export function toAccountBody(account: Account): AccountBody {
  return {
    customer_id: account.customerId,
    balance: formatAmount(account.balance),
    credit: formatAmount(account.credit),
    available: formatAmount(account.balance + account.credit),
    return_rule: account.returnRule,
    opened_at: account.openedAt.toISOString(),
  }
}

export function toEntryBody(entry: LedgerEntry): EntryBody {
  return {
    id: entry.id,
    customer_id: entry.customerId,
    entered_at: entry.enteredAt.toISOString(),
    kind: entry.kind,
    amount: formatAmount(entry.amount),
    balance: formatAmount(entry.balance),
    messages: entry.messages,
    reference: entry.reference,
    note: entry.note,
  }
}

export function toPriceListBody(id: number, list: StoredPriceList | undefined): PriceListBody {
  const prices: [string, Amount][] = Object.entries(list?.prices ?? {}).toSorted()
  return {
    customer_id: id === commonList ? null : id,
    changed_at: list?.changedAt.toISOString() ?? null,
    prices: Object.fromEntries(prices.map(([prefix, price]) => [prefix, formatAmount(price)])),
  }
}
