/** Money that goes back to accounts in the commit in which messages end: src/domain/money.ts says which. */
import { undeliveredStates, unsentStates } from '../domain/money.ts'

const listOf = (states: readonly string[]): string => states.map((state) => `'${state}'`).join(', ')

/**
 * CTEs for a statement that brings messages to their end. Each message comes here once: no state from which it may go on is one
 * in which it is returned, but for `failed`, which a replay charges again.
 *
 * @param ended the name of an earlier CTE with `id, customer_id, status, price, return_rule, sent_at` of the messages after it
 */
export const returnsOf = (ended: string): string => `returnable AS MATERIALIZED (
     SELECT customer_id, sum(price)::bigint AS amount, count(*)::int AS messages FROM ${ended}
     WHERE price IS NOT NULL
       AND (return_rule = 'not_sent' AND sent_at IS NULL AND status::text IN (${listOf(unsentStates)})
            OR return_rule = 'not_delivered' AND status::text IN (${listOf(undeliveredStates)}))
     GROUP BY customer_id
   ), payees AS MATERIALIZED (
     ${lockedAccounts('returnable')}
   ), returned AS (
     UPDATE accounts a SET balance = a.balance + returnable.amount
     FROM returnable JOIN payees USING (customer_id)
     WHERE a.customer_id = returnable.customer_id
     RETURNING a.customer_id, a.balance, returnable.amount, returnable.messages
   ), returns_entered AS (
     INSERT INTO ledger_entries (customer_id, kind, amount, balance, messages)
     SELECT customer_id, 'return', amount, balance, messages FROM returned ORDER BY customer_id
   )`

/** CTEs that take money from accounts that are locked. @param charges of what to select `customer_id, amount, messages` */
export const paymentOf = (charges: string): string => `charged AS (
     UPDATE accounts a SET balance = a.balance - paid.amount
     FROM (SELECT customer_id, amount, messages FROM ${charges}) AS paid
     WHERE a.customer_id = paid.customer_id
     RETURNING a.customer_id, a.balance, paid.amount, paid.messages
   ), charges_entered AS (
     INSERT INTO ledger_entries (customer_id, kind, amount, balance, messages)
     SELECT customer_id, 'messages', -amount, balance, messages FROM charged ORDER BY customer_id
   )`

/** Locks them in order, so that no two statements wait for each other's both ways. */
export function lockedAccounts(customers: string): string {
  return `SELECT customer_id, balance, credit FROM accounts
     WHERE customer_id = ANY(ARRAY(SELECT customer_id FROM ${customers})) ORDER BY customer_id FOR UPDATE`
}

/**
 * What the CTE of ended messages has to return of the table `m`.
 *
 * @param sentAt when a provider took it, if that is known otherwise
 */
export const returnColumns = (sentAt = 'm.sent_at'): string =>
  `m.customer_id, m.price, m.return_rule, ${sentAt} AS sent_at`
