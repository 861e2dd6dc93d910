/** What the audit log says of accounts and prices; by the API and by commands alike. */
import type { Act } from '../domain/audit.ts'
import { formatAmount } from '../domain/money.ts'
import { commonList } from '../domain/price-list.ts'
import type { Account, LedgerEntry } from '../store/accounts.ts'
import type { StoredPriceList } from '../store/price-lists.ts'

export const accountActs = {
  set: (account: Account | null): Act | null =>
    account && {
      action: 'account.set',
      target: String(account.customerId),
      detail: { credit: formatAmount(account.credit), return_rule: account.returnRule },
    },
  /** Nothing was done when it had been entered before. */
  entered: (
    entered: { readonly entry: LedgerEntry; readonly isNew: boolean } | null,
  ): Act | null =>
    entered?.isNew === true
      ? {
          action: 'ledger.entered',
          target: String(entered.entry.customerId),
          detail: {
            entry_id: entered.entry.id,
            kind: entered.entry.kind,
            amount: formatAmount(entered.entry.amount),
          },
        }
      : null,
  pricesSet:
    (listId: number) =>
    (list: StoredPriceList | null): Act | null =>
      list && {
        action: 'prices.set',
        target: listId === commonList ? 'all' : String(listId),
        detail: { prices: Object.keys(list.prices).length },
      },
}
