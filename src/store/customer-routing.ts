/** Whether routes have to be looked up by customer at all. */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'

const anyStatement = defineStatement<{ any: boolean }>(
  'customers.has_routing',
  "SELECT EXISTS (SELECT FROM customers WHERE settings ? 'routing') AS any",
)

export async function hasCustomerRouting(sql: Sql): Promise<boolean> {
  const [row] = await anyStatement(sql, [])
  return row?.any ?? false
}
