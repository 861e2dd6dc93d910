/** `sms-gateway accounts …` and `sms-gateway prices …` */
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { accountActs } from '../api/account-acts.ts'
import { toAccountBody, toEntryBody, toPriceListBody } from '../api/account-routes.ts'
import {
  accountChangeSchema,
  newEntrySchema,
  priceListChangeSchema,
} from '../api/account-schemas.ts'
import type { Environment } from '../config/config.ts'
import { formatAmount } from '../domain/money.ts'
import { commonList } from '../domain/price-list.ts'
import type { LedgerEntry } from '../store/accounts.ts'
import { printLine, withStore } from './admin-store.ts'
import { commandActor } from './command-actor.ts'
import { jsonFaults, optionFaults } from './option-parsers.ts'
import { printAll } from './print-all.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

/** Read in one statement. */
const listStep = 1_000

const amountWidth = 17

const entryTable = createTable([
  ['ID', 10],
  ['ENTERED', timeWidth],
  ['KIND', 10],
  ['AMOUNT', amountWidth],
  ['BALANCE', amountWidth],
  ['MESSAGES', 8],
  ['REFERENCE', 0],
])

export interface AccountOptions {
  readonly credit?: string
  readonly returns?: string
}

export function runAccountSet(
  environment: Environment,
  id: number,
  { credit, returns }: AccountOptions,
): Promise<number> {
  const change = checked(
    accountChangeSchema,
    { credit, return_rule: returns },
    { return_rule: 'returns' },
  )
  return withStore(environment, async (store) => {
    const account = await store.recorded(
      commandActor(),
      (changes) =>
        changes.setAccount(id, { credit: change.credit, returnRule: change.return_rule }),
      accountActs.set,
    )
    return account === null ? none(`no customer ${id}`) : print(toAccountBody(account))
  })
}

export function runAccountShow(environment: Environment, id: number): Promise<number> {
  return withStore(environment, async (store) => {
    const account = await store.getAccount(id)
    return account === null ? none(`customer ${id} has no account`) : print(toAccountBody(account))
  })
}

export interface EntryOptions {
  readonly reference: string
  readonly note?: string
  readonly adjustment: boolean
}

export function runAccountEnter(
  environment: Environment,
  id: number,
  amount: string,
  { reference, note, adjustment }: EntryOptions,
): Promise<number> {
  const kind = adjustment ? 'adjustment' : 'top_up'
  const entry = checked(newEntrySchema, { kind, amount, reference, note }, {})
  return withStore(environment, async (store) => {
    const entered = await store.recorded(
      commandActor(),
      (changes) => changes.enterInLedger(id, { ...entry, note: entry.note ?? null }),
      accountActs.entered,
    )
    if (entered === null) return none(`customer ${id} has no account`)
    const { amount: known, kind: knownKind } = entered.entry
    if (known !== entry.amount || knownKind !== kind) {
      return none(`there is another entry with the reference "${reference}"`)
    }
    if (!entered.isNew) say('it was entered before')
    return print(toEntryBody(entered.entry))
  })
}

export function runAccountEntries(
  environment: Environment,
  id: number,
  json: boolean,
): Promise<number> {
  return withStore(environment, async (store) => {
    const next = (last: LedgerEntry | undefined) => store.listLedger(id, last?.id ?? null, listStep)
    await printAll(next, listStep, 'no entries', json, entryTable.header, (entry) =>
      json ? JSON.stringify(toEntryBody(entry)) : entryTable.line(cellsOf(entry)),
    )
    return exitCodes.ok
  })
}

function cellsOf(entry: LedgerEntry): string[] {
  return [
    String(entry.id),
    entry.enteredAt.toISOString(),
    entry.kind,
    formatAmount(entry.amount),
    formatAmount(entry.balance),
    String(entry.messages),
    entry.reference ?? '',
  ]
}

/** Whether every balance is the sum of its entries. */
export function runAccountAudit(environment: Environment): Promise<number> {
  return withStore(environment, async (store) => {
    const wrong = await store.auditLedger(null)
    for (const { customerId, balance, entered } of wrong) {
      const [has, sum] = [formatAmount(balance), formatAmount(entered)]
      printLine(`customer ${customerId} has ${has}, and its entries are ${sum}`)
    }
    if (wrong.length === 0) printLine('every balance is the sum of its entries')
    return wrong.length === 0 ? exitCodes.ok : exitCodes.failure
  })
}

export function runPricesShow(environment: Environment, id: number | null): Promise<number> {
  const list = id ?? commonList
  return withStore(environment, async (store) =>
    print(toPriceListBody(list, (await store.findPriceLists([list])).get(list))),
  )
}

/** @param path of a file with `{"+49": "0.075", …}` */
export function runPricesSet(
  environment: Environment,
  path: string,
  id: number | null,
): Promise<number> {
  const parsed = priceListChangeSchema.safeParse({ prices: readJsonFile(path) })
  if (!parsed.success) throw jsonFaults(parsed.error, path)
  const { prices } = parsed.data
  return withStore(environment, async (store) => {
    const list = await store.recorded(
      commandActor(),
      (changes) => changes.setPriceList(id ?? commonList, prices),
      accountActs.pricesSet(id ?? commonList),
    )
    if (list === null) return none(`no customer ${id}`)
    printLine(
      `${Object.keys(list.prices).length} prices are in force everywhere within five seconds`,
    )
    return exitCodes.ok
  })
}

function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw new StartRefused(exitCodes.configuration, `the file ${path} ${why}`)
  }
}

function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  names: Readonly<Record<string, string>>,
): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw optionFaults(parsed.error, names)
  return parsed.data
}

function print(body: object): number {
  printLine(JSON.stringify(body, null, 2))
  return exitCodes.ok
}

function none(sentence: string): number {
  say(sentence)
  return exitCodes.failure
}
