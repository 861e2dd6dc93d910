/**
 * Accepting requests that have an idempotency key, or messages that cost something: keys are stored and accounts charged in the commit of
 * the messages, and each request is accepted and paid whole or not at all.
 */
import type { Sql } from 'postgres'
import { plainArray, textArray } from './array-literal.ts'
import { type AcceptableRequest, expiredKey } from './idempotency-keys.ts'
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
import { chargesByCustomer, insertWhole } from './whole-inserts.ts'

/**
 * `taken`: accepted and paid. `known`: the key is, and what is stored under it is the answer. `short`: the balance does not reach;
 * `again`: nor did it after those before, but it would reach for this one alone.
 */
export type RequestOutcome = 'taken' | 'known' | 'short' | 'again'

/**
 * Accounts are locked first, in order; so the balance that is compared is the one that is charged. A request, but for one that is known
 * before, counts against those after it in the batch whether it is accepted or not: whoever is refused for that reason is `again`. One row, because most are taken,
 * and a row costs more than its request's part of everything else.
 */
const insertStatement = defineStatement<{
  taken: number
  others: readonly (readonly [request: number, outcome: RequestOutcome])[]
}>(
  `${insertStatementName}_some`,
  `WITH asked AS MATERIALIZED (
     SELECT * FROM unnest($12::int[], $13::bigint[], $14::text[], $15::text[], $16::int[], $17::text[])
       AS asked (request, scope, key, fingerprint, status, response)
   ), charges AS MATERIALIZED (
     SELECT * FROM unnest($18::int[], $19::bigint[], $20::bigint[], $21::int[])
       AS charges (request, customer_id, amount, messages)
   ), payers AS MATERIALIZED (
     ${lockedAccounts('charges')}
   ), repeated AS MATERIALIZED (
     SELECT request FROM asked WHERE (
       SELECT 1 FROM idempotency_keys AS known
       WHERE known.scope = asked.scope AND known.key = asked.key AND known.created_at >= ${expiredKey}) = 1
   ), running AS MATERIALIZED (
     SELECT charges.request, charges.customer_id, charges.amount, payers.balance + payers.credit AS available,
            sum(charges.amount) OVER (PARTITION BY charges.customer_id ORDER BY charges.request) AS total
     FROM charges LEFT JOIN payers USING (customer_id)
     WHERE charges.request NOT IN (SELECT request FROM repeated)
   ), short AS MATERIALIZED (
     SELECT DISTINCT request FROM running WHERE amount > 0 AND (available IS NULL OR total > available)
   ), taken AS (
     INSERT INTO idempotency_keys AS known (scope, key, fingerprint, status, response)
     SELECT scope, key, decode(fingerprint, 'hex'), status, response FROM asked
     WHERE key IS NOT NULL AND request NOT IN (SELECT request FROM short)
     ORDER BY scope, key
     ON CONFLICT (scope, key) DO UPDATE
     SET fingerprint = excluded.fingerprint, status = excluded.status, response = excluded.response,
         created_at = excluded.created_at
     WHERE known.created_at < ${expiredKey}
     RETURNING scope, key
   ), first AS MATERIALIZED (
     SELECT asked.request FROM asked JOIN taken USING (scope, key)
     UNION ALL
     SELECT request FROM asked WHERE key IS NULL AND request NOT IN (SELECT request FROM short)
   ), paid AS MATERIALIZED (
     SELECT customer_id, sum(amount)::bigint AS amount, sum(messages)::int AS messages
     FROM charges WHERE amount > 0 AND request IN (SELECT request FROM first) GROUP BY customer_id
   ), ${paymentOf('paid')}, inserted AS (
     ${insertSelect('$11', true)}
     FROM unnest(${messageArrays}, $10::int[], $22::bigint[], $23::text[], $24::text[])
       AS new (${messageColumns}, request, price, return_rule, traceparent)
     WHERE request IN (SELECT request FROM first)
   ), left_over AS MATERIALIZED (
     SELECT request, bool_and(running.amount = 0 OR running.available - coalesce(charged.amount, 0) >= running.amount) AS fits
     FROM running LEFT JOIN charged USING (customer_id)
     WHERE request IN (SELECT request FROM short) GROUP BY request
   )
   SELECT (SELECT count(*)::int FROM first) AS taken, ARRAY_TO_JSON(ARRAY(
     SELECT json_build_array(asked.request, CASE
       WHEN left_over.request IS NULL THEN 'known'
       WHEN left_over.fits THEN 'again'
       ELSE 'short' END)
     FROM asked LEFT JOIN left_over USING (request)
     WHERE asked.request NOT IN (SELECT request FROM first))) AS others`,
)

/**
 * Commits the messages of those requests that are paid and whose keys are new, and answers for each request what became of it, in
 * order. No two of them may have the same key.
 */
export async function insertRequests(
  sql: Sql,
  requests: readonly AcceptableRequest[],
  validityMs: number,
): Promise<RequestOutcome[]> {
  if (await insertWhole(sql, requests, validityMs)) return requests.map(() => 'taken')
  return await insertSome(sql, requests, validityMs)
}

async function insertSome(
  sql: Sql,
  requests: readonly AcceptableRequest[],
  validityMs: number,
): Promise<RequestOutcome[]> {
  const messages = requests.flatMap((request) => request.messages)
  const charges = requests.flatMap(chargesOf)
  const keyed = requests.map((request) => (request.key === null ? null : request))
  const parameters = [
    ...messageParameters(messages),
    plainArray(requests.flatMap((request, index) => request.messages.map(() => index))),
    validityMs,
    plainArray(requests.map((_, index) => index)),
    plainArray(keyed.map((request) => request?.scope ?? 'NULL')),
    textArray(requests.map(({ key }) => key)),
    plainArray(keyed.map((request) => request?.fingerprint ?? 'NULL')),
    plainArray(keyed.map((request) => request?.status ?? 'NULL')),
    textArray(keyed.map((request) => request?.response ?? null)),
    plainArray(charges.map(({ request }) => request)),
    plainArray(charges.map(({ customerId }) => customerId)),
    plainArray(charges.map(({ amount }) => amount)),
    plainArray(charges.map((charge) => charge.messages)),
    ...chargeParameters(messages),
    traceParameter(messages),
  ]
  const [row] = await withPartition(sql, () => insertStatement(sql, parameters))
  if (row === undefined || row.taken + row.others.length !== requests.length) {
    throw new Error('every request has an outcome')
  }
  const outcomes = requests.map((): RequestOutcome => 'taken')
  for (const [request, outcome] of row.others) outcomes[request] = outcome
  return outcomes
}

const chargesOf = ({ messages }: AcceptableRequest, request: number) =>
  chargesByCustomer(messages).map((charge) => ({ request, ...charge }))
