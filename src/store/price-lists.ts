/** Price lists, each read and changed whole. */
import type { Sql } from 'postgres'
import type { Amount } from '../domain/money.ts'
import { commonList } from '../domain/price-list.ts'
import { plainArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export interface StoredPriceList {
  readonly version: string
  readonly changedAt: Date
  readonly prices: Readonly<Record<string, Amount>>
}

interface ListRow {
  [column: string]: unknown
  customer_id: string
  version: string
  changed_at: Date
  prices: Record<string, Amount>
}

const setStatement = defineStatement<ListRow>(
  'price_lists.set',
  `INSERT INTO price_lists (customer_id, prices)
   SELECT $1::bigint, $2::text::jsonb
   WHERE $1::bigint = ${commonList} OR EXISTS (SELECT 1 FROM customers WHERE id = $1::bigint)
   ON CONFLICT (customer_id) DO UPDATE
   SET prices = excluded.prices, version = excluded.version, changed_at = now()
   RETURNING customer_id, version, changed_at, prices`,
)

/** The whole list anew. @returns null when there is no such customer */
export async function setPriceList(
  sql: Sql,
  customerId: number,
  prices: Readonly<Record<string, Amount>>,
): Promise<StoredPriceList | null> {
  const [row] = await setStatement(sql, [customerId, JSON.stringify(prices)])
  return row === undefined ? null : toList(row)
}

const findStatement = defineStatement<ListRow>(
  'price_lists.find',
  `SELECT customer_id, version, changed_at, prices
   FROM price_lists WHERE customer_id = ANY($1::bigint[])`,
)

/** Those there are, by customer. */
export async function findPriceLists(
  sql: Sql,
  customerIds: readonly number[],
): Promise<Map<number, StoredPriceList>> {
  const rows = await findStatement(sql, [plainArray(customerIds)])
  return new Map(rows.map((row) => [Number(row.customer_id), toList(row)]))
}

const versionsStatement = defineStatement<{ customer_id: string; version: string }>(
  'price_lists.versions',
  'SELECT customer_id, version FROM price_lists WHERE customer_id = ANY($1::bigint[])',
)

/** The versions of those there are, by customer. */
export async function findPriceListVersions(
  sql: Sql,
  customerIds: readonly number[],
): Promise<Map<number, string>> {
  const rows = await versionsStatement(sql, [plainArray(customerIds)])
  return new Map(rows.map(({ customer_id, version }) => [Number(customer_id), version]))
}

function toList({ version, changed_at, prices }: ListRow): StoredPriceList {
  return { version, changedAt: changed_at, prices }
}
