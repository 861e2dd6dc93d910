/** Customers with money, for tests on a real store. */
import type { ReturnRule } from '../../../src/domain/money.ts'
import type { Store } from '../../../src/store/store.ts'

let references = 0

export const enter = ({ enterInLedger }: Store, customerId: number, amount: number) =>
  enterInLedger(customerId, {
    kind: 'top_up',
    amount,
    reference: `payment ${++references}`,
    note: null,
  })

/** A customer with so much money. */
export async function createPayer(
  store: Store,
  amount: number,
  returnRule: ReturnRule = 'not_sent',
): Promise<number> {
  const customer = await store.createCustomer(null, 'A payer')
  const id = customer?.id ?? 0
  await store.setAccount(id, { returnRule })
  if (amount !== 0) await enter(store, id, amount)
  return id
}
