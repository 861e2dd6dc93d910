/** `sms-gateway customers …` and `sms-gateway keys …` */

import { customerActs, keyActs } from '../api/customer-acts.ts'
import { toCustomerBody, toIssuedKeyBody, toKeyBody } from '../api/customer-routes.ts'
import { newKeySchema, overlapSecondsDefault, scopesDefault } from '../api/customer-schemas.ts'
import { customerSettingsChangeSchema } from '../api/customer-settings-schema.ts'
import { issueKey } from '../api/issued-key.ts'
import type { Environment } from '../config/config.ts'
import { keyPrefixPattern, type Scope } from '../domain/api-key.ts'
import type { ApiKey } from '../store/api-keys.ts'
import type { Customer } from '../store/customers.ts'
import type { Store } from '../store/store.ts'
import { printLine, withStore } from './admin-store.ts'
import { commandActor } from './command-actor.ts'
import { jsonFaults, optionFaults } from './option-parsers.ts'
import { printAll } from './print-all.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

/** Read in one statement. */
const listStep = 1_000

const customerTable = createTable([
  ['ID', 16],
  ['CREATED', timeWidth],
  ['DISABLED', timeWidth],
  ['NAME', 0],
])

export function runCustomerList(environment: Environment, json: boolean): Promise<number> {
  return withStore(environment, async (store) => {
    const next = (after: Customer | undefined) => store.listCustomers(after?.id ?? 0, listStep)
    await printAll(next, listStep, 'no customers', json, customerTable.header, (customer) => {
      if (json) return JSON.stringify(toCustomerBody(customer))
      const { id, name, createdAt, disabledAt } = customer
      const disabled = disabledAt?.toISOString() ?? '-'
      return customerTable.line([String(id), createdAt.toISOString(), disabled, name])
    })
    return exitCodes.ok
  })
}

export function runCustomerCreate(
  environment: Environment,
  name: string,
  id: number | null,
): Promise<number> {
  return withStore(environment, async (store) => {
    const customer = await store.recorded(
      commandActor(),
      (changes) => changes.createCustomer(id, name),
      customerActs.created,
    )
    if (customer === null) {
      say(`there is a customer with the id ${id}`)
      return exitCodes.failure
    }
    printLine(JSON.stringify(toCustomerBody(customer), null, 2))
    return exitCodes.ok
  })
}

export function runCustomerShow(environment: Environment, id: number): Promise<number> {
  return withStore(environment, async (store) => printCustomer(await store.getCustomer(id), id))
}

/** @param json settings to change, as `PATCH /api/v1/customers/:id` takes them */
export function runCustomerSet(
  environment: Environment,
  id: number,
  json: string,
): Promise<number> {
  const parsed = customerSettingsChangeSchema.safeParse(parseJson(json))
  if (!parsed.success) throw jsonFaults(parsed.error, 'settings')
  const settings = parsed.data
  return withStore(environment, async (store) => {
    const customer = await store.recorded(
      commandActor(),
      (changes) => changes.updateCustomer(id, { settings }),
      customerActs.changed({ settings }),
    )
    return printCustomer(customer, id)
  })
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new StartRefused(exitCodes.configuration, 'the settings must be JSON')
  }
}

function printCustomer(customer: Customer | null, id: number): number {
  if (customer === null) {
    say(`no customer ${id}`)
    return exitCodes.failure
  }
  printLine(JSON.stringify(toCustomerBody(customer), null, 2))
  return exitCodes.ok
}

export function runCustomerDisabled(
  environment: Environment,
  id: number,
  disabled: boolean,
): Promise<number> {
  return withStore(environment, async (store) => {
    const customer = await store.recorded(
      commandActor(),
      (changes) => changes.setCustomerDisabled(id, disabled),
      disabled ? customerActs.disabled : customerActs.enabled,
    )
    if (customer === null) {
      say(`no customer ${id}`)
      return exitCodes.failure
    }
    const keys = disabled ? 'refused' : 'taken again'
    printLine(`the keys of customer ${id} are ${keys}, everywhere within five seconds`)
    return exitCodes.ok
  })
}

const keyTable = createTable([
  ['PREFIX', 'sgw_'.length + 12],
  ['CUSTOMER', 16],
  ['SCOPES', 15],
  ['STATE', 2 + timeWidth + 'expires'.length],
  ['LAST USED', timeWidth],
  ['NOTE', 0],
])

export function runKeyList(
  environment: Environment,
  customerId: number | null,
  json: boolean,
): Promise<number> {
  return withStore(environment, async (store) => {
    const next = (after: ApiKey | undefined) =>
      store.listApiKeys(customerId, after?.prefix ?? '', listStep)
    await printAll(next, listStep, 'no API keys', json, keyTable.header, (key) => {
      if (json) return JSON.stringify(toKeyBody(key))
      const { prefix, scopes, note, lastUsedAt } = key
      const customer = key.customerId === null ? 'staff' : String(key.customerId)
      const used = lastUsedAt?.toISOString() ?? '-'
      return keyTable.line([prefix, customer, scopes.join(','), stateOf(key), used, note ?? ''])
    })
    return exitCodes.ok
  })
}

function stateOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return `revoked ${revokedAt.toISOString()}`
  return expiresAt === null ? 'in force' : `expires ${expiresAt.toISOString()}`
}

export interface NewKeyOptions {
  readonly customer?: number
  readonly staff: boolean
  readonly scope?: readonly string[]
  readonly note?: string
  readonly expires?: string
}

/** The key itself goes to stdout, alone, so that it can be put into a file; the rest is said. */
export function runKeyCreate(environment: Environment, options: NewKeyOptions): Promise<number> {
  const { customer, staff, scope, note, expires } = options
  if (staff === (customer !== undefined)) {
    throw new StartRefused(exitCodes.configuration, 'give either --customer or --staff')
  }
  const parsed = newKeySchema.safeParse({
    customer_id: customer ?? null,
    scopes: scope,
    note,
    expires_at: expires,
  })
  if (!parsed.success) throw optionFaults(parsed.error, { scopes: 'scope', expires_at: 'expires' })
  const { scopes = scopesDefault as readonly Scope[], expires_at } = parsed.data
  return withStore(environment, (store) =>
    printIssued(`no customer ${customer}`, ({ prefix, hash }) =>
      store.recorded(
        commandActor(),
        (changes) =>
          changes.createApiKey({
            prefix,
            hash,
            customerId: customer ?? null,
            scopes,
            note: note ?? null,
            expiresAt: expires_at === undefined ? null : new Date(expires_at),
          }),
        keyActs.created,
      ),
    ),
  )
}

export function runKeyRotate(
  environment: Environment,
  prefix: string,
  overlapSeconds: number = overlapSecondsDefault,
): Promise<number> {
  requirePrefix(prefix)
  return withStore(environment, async (store) => {
    const code = await printIssued(`no API key in force ${prefix}`, (successor) =>
      store.recorded(
        commandActor(),
        (changes) => changes.rotateApiKey(prefix, successor, overlapSeconds * 1_000),
        keyActs.rotated(prefix, overlapSeconds),
      ),
    )
    if (code === exitCodes.ok) say(`${prefix} goes on for ${overlapSeconds} s`)
    return code
  })
}

export function runKeyRevoke(environment: Environment, prefix: string): Promise<number> {
  requirePrefix(prefix)
  return withStore(environment, async (store) => {
    const revoked = await store.recorded(
      commandActor(),
      (changes) => changes.revokeApiKey(prefix),
      keyActs.revoked,
    )
    if (revoked === null) {
      say(`no API key ${prefix}`)
      return exitCodes.failure
    }
    printLine(`${prefix} is revoked, everywhere within five seconds`)
    return exitCodes.ok
  })
}

function requirePrefix(prefix: string): void {
  if (keyPrefixPattern.test(prefix)) return
  throw new StartRefused(
    exitCodes.configuration,
    'a key is named by its prefix, sgw_ and 12 characters: "keys list" shows it',
  )
}

async function printIssued(
  notFound: string,
  create: (issued: ReturnType<typeof issueKey>) => ReturnType<Store['createApiKey']>,
): Promise<number> {
  const issued = issueKey()
  const created = await create(issued)
  if (created === null) {
    say(notFound)
    return exitCodes.failure
  }
  const { key, ...known } = toIssuedKeyBody(issued.key, created)
  say(`this is the only time that the key is shown\n${JSON.stringify(known, null, 2)}`)
  printLine(key)
  return exitCodes.ok
}
