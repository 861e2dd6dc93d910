/** Which customer gets what is sent to a number, or to a number with a keyword. */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'

export interface NumberRoute {
  readonly id: number
  readonly number: string
  /** Folded; null: whatever no other route of the number takes. */
  readonly keyword: string | null
  readonly customerId: number
  readonly createdAt: Date
}

interface NumberRouteRow {
  [column: string]: unknown
  id: string
  number: string
  keyword: string
  customer_id: string
  created_at: Date
}

const columns = 'id, number, keyword, customer_id, created_at'

const createStatement = defineStatement<{ is_customer: boolean; created: NumberRouteRow | null }>(
  'number_routes.create',
  `WITH created AS (
     INSERT INTO inbound_routes (number, keyword, customer_id)
     SELECT $1::text, $2::text, id FROM customers WHERE id = $3::bigint
     ON CONFLICT (number, keyword) DO NOTHING RETURNING ${columns}
   )
   SELECT EXISTS (SELECT FROM customers WHERE id = $3::bigint) AS is_customer,
     (SELECT row_to_json(created) FROM created) AS created`,
)

/** Why there is no new route: another has the number and the keyword, or there is no such customer. */
export type RouteRefused = 'exists' | 'no_customer'

export async function createNumberRoute(
  sql: Sql,
  number: string,
  keyword: string | null,
  customerId: number,
): Promise<NumberRoute | RouteRefused> {
  const [row] = await createStatement(sql, [number, keyword ?? '', customerId])
  if (row?.created) return toNumberRoute(row.created)
  return row?.is_customer === true ? 'exists' : 'no_customer'
}

const listStatement = defineStatement<NumberRouteRow>(
  'number_routes.list',
  `SELECT ${columns} FROM inbound_routes WHERE id > $1::bigint ORDER BY id LIMIT $2::int`,
)

/** In the order in which they were made, those after `afterId`. */
export async function listNumberRoutes(
  sql: Sql,
  afterId: number,
  limit: number,
): Promise<NumberRoute[]> {
  return (await listStatement(sql, [afterId, limit])).map(toNumberRoute)
}

const deleteStatement = defineStatement<NumberRouteRow>(
  'number_routes.delete',
  `DELETE FROM inbound_routes WHERE id = $1::bigint RETURNING ${columns}`,
)

/** Null when there is no such route. */
export async function deleteNumberRoute(sql: Sql, id: number): Promise<NumberRoute | null> {
  const [row] = await deleteStatement(sql, [id])
  return row === undefined ? null : toNumberRoute(row)
}

function toNumberRoute(row: NumberRouteRow): NumberRoute {
  return {
    id: Number(row.id),
    number: row.number,
    keyword: row.keyword === '' ? null : row.keyword,
    customerId: Number(row.customer_id),
    createdAt: new Date(row.created_at),
  }
}
