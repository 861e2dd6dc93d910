/**
 * Accepting requests as most of them come: with keys that are new, and money enough for all of them. All are committed, or none when it
 * is not so; then `request-inserts.ts` finds out which. That nothing is decided for each of them is what makes it cheap.
 */
import type { Sql } from 'postgres'
import type { NewMessage } from '../domain/message.ts'
import { plainArray, textArray } from './array-literal.ts'
import { isDuplicate } from './database-errors.ts'
import type { AcceptableRequest, KeyedRequest } from './idempotency-keys.ts'
import {
  chargeParameters,
  insertSelect,
  insertStatementName,
  messageArrays,
  messageColumns,
  messageParameters,
  traceParameter,
  withPartition,
} from './message-inserts.ts'
import { lockedAccounts, paymentOf } from './returns.ts'
import { defineStatement } from './statement.ts'

/**
 * Keys are looked up one by one, whatever the planner knows of their number. Accounts are locked before keys are inserted, both in order,
 * as in the other statement: two of them wait for each other, and not both ways. A key that another transaction inserts meanwhile is a
 * duplicate, and the statement has no effect; so keys are inserted before anything else is.
 */
const insertStatement = defineStatement<{ yes: number }>(
  `${insertStatementName}_whole`,
  `WITH asked AS MATERIALIZED (
     SELECT * FROM unnest($11::bigint[], $12::text[], $13::text[], $14::int[], $15::text[])
       AS asked (scope, key, fingerprint, status, response)
   ), charges AS MATERIALIZED (
     SELECT * FROM unnest($16::bigint[], $17::bigint[], $18::int[]) AS charges (customer_id, amount, messages)
   ), payers AS MATERIALIZED (
     ${lockedAccounts('charges')}
   ), whole AS MATERIALIZED (
     SELECT 1 AS yes
     WHERE NOT EXISTS (
         SELECT FROM asked
         WHERE (SELECT 1 FROM idempotency_keys known WHERE known.scope = asked.scope AND known.key = asked.key) = 1)
       AND cardinality($16::bigint[]) = (
         SELECT count(*) FROM charges JOIN payers USING (customer_id)
         WHERE payers.balance + payers.credit >= charges.amount)
   ), taken AS (
     INSERT INTO idempotency_keys (scope, key, fingerprint, status, response)
     SELECT scope, key, decode(fingerprint, 'hex'), status, response FROM asked
     WHERE EXISTS (SELECT FROM whole) ORDER BY scope, key
     RETURNING 1
   ), paid AS MATERIALIZED (
     SELECT * FROM charges WHERE EXISTS (SELECT FROM whole) AND (SELECT count(*) FROM taken) >= 0
   ), ${paymentOf('paid')}, inserted AS (
     ${insertSelect('$10', true)}
     FROM unnest(${messageArrays}, $19::bigint[], $20::text[], $21::text[])
       AS new (${messageColumns}, price, return_rule, traceparent)
     WHERE EXISTS (SELECT FROM whole) AND (SELECT count(*) FROM taken) >= 0
   )
   SELECT yes FROM whole`,
)

/**
 * Commits the messages of all requests, or answers false: a key is known, or a balance does not reach for all. No two of them may have
 * the same key.
 */
export async function insertWhole(
  sql: Sql,
  requests: readonly AcceptableRequest[],
  validityMs: number,
): Promise<boolean> {
  const messages = requests.flatMap((request) => request.messages)
  const keyed = requests.filter((request): request is KeyedRequest => request.key !== null)
  const charges = chargesByCustomer(messages).filter(({ amount }) => amount > 0)
  const parameters = [
    ...messageParameters(messages),
    validityMs,
    plainArray(keyed.map(({ scope }) => scope)),
    textArray(keyed.map(({ key }) => key)),
    plainArray(keyed.map(({ fingerprint }) => fingerprint)),
    plainArray(keyed.map(({ status }) => status)),
    textArray(keyed.map(({ response }) => response)),
    plainArray(charges.map(({ customerId }) => customerId)),
    plainArray(charges.map(({ amount }) => amount)),
    plainArray(charges.map((charge) => charge.messages)),
    ...chargeParameters(messages),
    traceParameter(messages),
  ]
  try {
    const rows = await withPartition(sql, () => insertStatement(sql, parameters))
    return rows.length > 0
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}

/** One for each customer of the messages: staff may send for several at once. */
export function chargesByCustomer(messages: readonly NewMessage[]) {
  const charges = new Map<number, { customerId: number; amount: number; messages: number }>()
  for (const { customerId, charge } of messages) {
    if (charge === undefined) continue
    const sum = charges.get(customerId) ?? { customerId, amount: 0, messages: 0 }
    sum.amount += charge.price
    sum.messages++
    charges.set(customerId, sum)
  }
  return [...charges.values()]
}
