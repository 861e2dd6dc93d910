/** Customers and what is particular to them. For administration; the API looks them up many at a time. */
import type { Sql } from 'postgres'
import type { CustomerProfile, CustomerSettings } from '../domain/customer-settings.ts'
import type { ReturnRule } from '../domain/money.ts'
import { plainArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export interface Customer {
  readonly id: number
  readonly name: string
  readonly createdAt: Date
  readonly disabledAt: Date | null
  readonly settings: CustomerSettings
}

interface CustomerRow {
  [column: string]: unknown
  id: string
  name: string
  created_at: Date
  disabled_at: Date | null
  settings: CustomerSettings
}

const customerColumns = 'id, name, created_at, disabled_at, settings'

const createStatement = defineStatement<CustomerRow>(
  'customers.create',
  `INSERT INTO customers (id, name)
   SELECT coalesce($1::bigint, 1 + greatest(
     (SELECT coalesce(max(id), 0) FROM customers), (SELECT coalesce(max(customer_id), 0) FROM messages))), $2::text
   ON CONFLICT (id) DO NOTHING RETURNING ${customerColumns}`,
)

/** How often a free id is looked for, when others take it first. */
const idAttemptsMax = 10

/**
 * @param id null: the next one that neither a customer nor a message has, so that nobody gets the messages of another
 * @returns null when there is a customer with this id
 */
export async function createCustomer(
  sql: Sql,
  id: number | null,
  name: string,
): Promise<Customer | null> {
  for (let attempt = 1; attempt <= idAttemptsMax; attempt++) {
    const [row] = await createStatement(sql, [id, name])
    if (row !== undefined) return toCustomer(row)
    if (id !== null) return null
  }
  throw new Error('no free customer id was found: too many are made at once')
}

const listStatement = defineStatement<CustomerRow>(
  'customers.list',
  `SELECT ${customerColumns} FROM customers WHERE id > $1::bigint ORDER BY id LIMIT $2::int`,
)

/** By id, those after `afterId`; at most `limit`. */
export async function listCustomers(sql: Sql, afterId: number, limit: number): Promise<Customer[]> {
  return (await listStatement(sql, [afterId, limit])).map(toCustomer)
}

const disableStatement = defineStatement<CustomerRow>(
  'customers.set_disabled',
  `UPDATE customers SET disabled_at = CASE WHEN $2::int = 1 THEN coalesce(disabled_at, now()) END
   WHERE id = $1::bigint RETURNING ${customerColumns}`,
)

/** Null when there is no such customer. */
export async function setCustomerDisabled(
  sql: Sql,
  id: number,
  disabled: boolean,
): Promise<Customer | null> {
  const [row] = await disableStatement(sql, [id, disabled ? 1 : 0])
  return row === undefined ? null : toCustomer(row)
}

const updateStatement = defineStatement<CustomerRow>(
  'customers.update',
  `UPDATE customers SET name = coalesce($2::text, name),
     settings = jsonb_strip_nulls(settings || coalesce($3::text::jsonb, '{}'))
   WHERE id = $1::bigint RETURNING ${customerColumns}`,
)

/** What may be changed of a customer; a section of the settings that is null is removed, and one that is missing stays. */
export interface CustomerChange {
  readonly name?: string | undefined
  readonly settings?:
    | { readonly [K in keyof CustomerSettings]?: CustomerSettings[K] | null | undefined }
    | undefined
}

/** Null when there is no such customer. */
export async function updateCustomer(
  sql: Sql,
  id: number,
  { name, settings }: CustomerChange,
): Promise<Customer | null> {
  const patch = settings === undefined ? null : JSON.stringify(settings)
  const [row] = await updateStatement(sql, [id, name ?? null, patch])
  return row === undefined ? null : toCustomer(row)
}

const getStatement = defineStatement<CustomerRow>(
  'customers.get',
  `SELECT ${customerColumns} FROM customers WHERE id = $1::bigint`,
)

/** Null when there is no such customer. */
export async function getCustomer(sql: Sql, id: number): Promise<Customer | null> {
  const [row] = await getStatement(sql, [id])
  return row === undefined ? null : toCustomer(row)
}

const profilesStatement = defineStatement<{
  id: string
  settings: CustomerSettings
  return_rule: ReturnRule | null
}>(
  'customers.profiles',
  `SELECT c.id, c.settings, a.return_rule FROM customers c LEFT JOIN accounts a ON a.customer_id = c.id
   WHERE c.id = ANY($1::bigint[])`,
)

/** Those there are, by id. */
export async function findCustomerProfiles(
  sql: Sql,
  ids: readonly number[],
): Promise<Map<number, CustomerProfile>> {
  const rows = await profilesStatement(sql, [plainArray(ids)])
  return new Map(
    rows.map(({ id, settings, return_rule }) => [
      Number(id),
      {
        id: Number(id),
        isKnown: true,
        settings,
        prices: [],
        account: return_rule === null ? null : { returnRule: return_rule },
      },
    ]),
  )
}

function toCustomer({ id, name, created_at, disabled_at, settings }: CustomerRow): Customer {
  return { id: Number(id), name, createdAt: created_at, disabledAt: disabled_at, settings }
}
