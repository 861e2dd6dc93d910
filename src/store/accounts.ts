/** Customers' accounts and their ledgers. For administration, and for customers to look at. */
import type { Sql } from 'postgres'
import type { Amount, EntryKind, ManualKind, ReturnRule } from '../domain/money.ts'
import { isDuplicate } from './database-errors.ts'
import { defineStatement } from './statement.ts'

export interface Account {
  readonly customerId: number
  readonly balance: Amount
  /** The balance may go so far below zero. */
  readonly credit: Amount
  readonly returnRule: ReturnRule
  readonly openedAt: Date
}

export interface LedgerEntry {
  readonly id: number
  readonly customerId: number
  readonly enteredAt: Date
  readonly kind: EntryKind
  readonly amount: Amount
  /** Of the account, after it. */
  readonly balance: Amount
  /** How many were paid or returned. */
  readonly messages: number
  readonly reference: string | null
  readonly note: string | null
}

interface AccountRow {
  [column: string]: unknown
  customer_id: string
  balance: string
  credit: string
  return_rule: ReturnRule
  opened_at: Date
}

interface EntryRow {
  [column: string]: unknown
  id: string
  customer_id: string
  entered_at: Date
  kind: EntryKind
  amount: string
  balance: string
  messages: number
  reference: string | null
  note: string | null
}

const accountColumns = 'customer_id, balance, credit, return_rule, opened_at'
const entryColumns = 'id, customer_id, entered_at, kind, amount, balance, messages, reference, note'

const setStatement = defineStatement<AccountRow>(
  'accounts.set',
  `INSERT INTO accounts AS a (customer_id, credit, return_rule)
   SELECT $1::bigint, coalesce($2::bigint, 0), coalesce($3::text, 'not_sent')
   WHERE EXISTS (SELECT 1 FROM customers WHERE id = $1::bigint)
   ON CONFLICT (customer_id) DO UPDATE
   SET credit = coalesce($2::bigint, a.credit), return_rule = coalesce($3::text, a.return_rule)
   RETURNING ${accountColumns}`,
)

/**
 * Opens the account of a customer, whose messages cost from then on, or changes it; what is not given stays.
 * @returns null when there is no such customer
 */
export async function setAccount(
  sql: Sql,
  customerId: number,
  {
    credit,
    returnRule,
  }: { readonly credit?: Amount | undefined; readonly returnRule?: ReturnRule | undefined },
): Promise<Account | null> {
  const [row] = await setStatement(sql, [customerId, credit ?? null, returnRule ?? null])
  return row === undefined ? null : toAccount(row)
}

const getStatement = defineStatement<AccountRow>(
  'accounts.get',
  `SELECT ${accountColumns} FROM accounts WHERE customer_id = $1::bigint`,
)

/** Null when the customer has none. */
export async function getAccount(sql: Sql, customerId: number): Promise<Account | null> {
  const [row] = await getStatement(sql, [customerId])
  return row === undefined ? null : toAccount(row)
}

const enterStatement = defineStatement<EntryRow & { is_new: boolean }>(
  'ledger.enter',
  `WITH account AS MATERIALIZED (
     SELECT customer_id FROM accounts WHERE customer_id = $1::bigint FOR UPDATE
   ), known AS MATERIALIZED (
     SELECT ${entryColumns} FROM ledger_entries
     WHERE customer_id = (SELECT customer_id FROM account) AND reference = $4::text
   ), changed AS (
     UPDATE accounts a SET balance = a.balance + $3::bigint
     FROM account WHERE a.customer_id = account.customer_id AND NOT EXISTS (SELECT 1 FROM known)
     RETURNING a.customer_id, a.balance
   ), entered AS (
     INSERT INTO ledger_entries (customer_id, kind, amount, balance, reference, note)
     SELECT customer_id, $2::text, $3::bigint, balance, $4::text, $5::text FROM changed
     RETURNING ${entryColumns}
   )
   SELECT *, true AS is_new FROM entered UNION ALL SELECT *, false FROM known`,
)

export interface ManualEntry {
  readonly kind: ManualKind
  readonly amount: Amount
  /** The same one is not entered twice. */
  readonly reference: string
  readonly note: string | null
}

/**
 * Enters it, unless its reference is known: then the entry that has it, which may be another.
 * @returns null when the customer has no account
 */
export async function enterInLedger(
  sql: Sql,
  customerId: number,
  { kind, amount, reference, note }: ManualEntry,
): Promise<{ readonly entry: LedgerEntry; readonly isNew: boolean } | null> {
  const parameters = [customerId, kind, amount, reference, note]
  let row: (EntryRow & { is_new: boolean }) | undefined
  try {
    ;[row] = await enterStatement(sql, parameters)
  } catch (error) {
    if (!isDuplicate(error))
      throw error
      // Somebody entered the same one meanwhile: it is seen now.
    ;[row] = await enterStatement(sql, parameters)
  }
  return row === undefined ? null : { entry: toEntry(row), isNew: row.is_new }
}

const listStatement = defineStatement<EntryRow>(
  'ledger.list',
  `SELECT ${entryColumns} FROM ledger_entries
   WHERE customer_id = $1::bigint AND ($2::bigint IS NULL OR id < $2::bigint)
   ORDER BY id DESC LIMIT $3::int`,
)

/** Newest first, those before `beforeId`; at most `limit`. */
export async function listLedger(
  sql: Sql,
  customerId: number,
  beforeId: number | null,
  limit: number,
): Promise<LedgerEntry[]> {
  return (await listStatement(sql, [customerId, beforeId, limit])).map(toEntry)
}

const auditStatement = defineStatement<{ customer_id: string; balance: string; entered: string }>(
  'ledger.audit',
  `SELECT a.customer_id, a.balance, coalesce(sum(e.amount), 0)::bigint AS entered
   FROM accounts a LEFT JOIN ledger_entries e USING (customer_id)
   WHERE $1::bigint IS NULL OR a.customer_id = $1::bigint
   GROUP BY a.customer_id HAVING a.balance <> coalesce(sum(e.amount), 0) ORDER BY a.customer_id`,
)

/** Accounts whose balance is not the sum of their entries: there is none, or something is wrong. @param customerId null: of all */
export async function auditLedger(
  sql: Sql,
  customerId: number | null,
): Promise<{ readonly customerId: number; readonly balance: Amount; readonly entered: Amount }[]> {
  const rows = await auditStatement(sql, [customerId])
  return rows.map(({ customer_id, balance, entered }) => ({
    customerId: Number(customer_id),
    balance: Number(balance),
    entered: Number(entered),
  }))
}

function toAccount(row: AccountRow): Account {
  return {
    customerId: Number(row.customer_id),
    balance: Number(row.balance),
    credit: Number(row.credit),
    returnRule: row.return_rule,
    openedAt: row.opened_at,
  }
}

function toEntry(row: EntryRow): LedgerEntry {
  return {
    id: Number(row.id),
    customerId: Number(row.customer_id),
    enteredAt: row.entered_at,
    kind: row.kind,
    amount: Number(row.amount),
    balance: Number(row.balance),
    messages: row.messages,
    reference: row.reference,
    note: row.note,
  }
}
