/** `sms-gateway opt-outs …` */
import { exportLines, toOptOutBody } from '../api/opt-out-export.ts'
import { type ExportFormat, importMax, optOutKeySchema } from '../api/opt-out-schemas.ts'
import type { Environment } from '../config/config.ts'
import type { OptOut, OptOutKey } from '../store/opt-outs.ts'
import { printLine, withStore } from './admin-store.ts'
import { parseOptOuts } from './opt-out-file.ts'
import { optionFaults } from './option-parsers.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

/** Read in one statement. */
const listStep = 1_000
/** Of a file's faults, so many are said. */
const faultsSaidMax = 100

const table = createTable([
  ['CUSTOMER', 16],
  ['PHONE', 16],
  ['SENDER', 16],
  ['SOURCE', 7],
  ['SINCE', timeWidth],
])

export interface OptOutOptions {
  readonly customer: number
  readonly sender?: string
}

export function runOptOutList(
  environment: Environment,
  customer: number | null,
  json: boolean,
): Promise<number> {
  return withStore(environment, async (store) => {
    let last: OptOut | undefined
    for (;;) {
      const found = await store.listOptOuts(customer, null, last?.position ?? 0, listStep)
      if (last === undefined && !json) {
        printLine(found.length === 0 ? 'no opt-outs' : table.header)
      }
      for (const optOut of found)
        printLine(json ? JSON.stringify(toOptOutBody(optOut)) : row(optOut))
      last = found.at(-1)
      if (found.length < listStep) return exitCodes.ok
    }
  })
}

function row({ customerId, phone, senderId, source, since }: OptOut): string {
  return table.line([String(customerId), phone, senderId ?? '(all)', source, since.toISOString()])
}

export function runOptOutAdd(
  environment: Environment,
  phone: string,
  options: OptOutOptions,
): Promise<number> {
  const key = checked(phone, options)
  return withStore(environment, async (store) => {
    if ((await store.getCustomer(options.customer)) === null) return noCustomer(options.customer)
    const added = await store.addOptOuts(options.customer, [key], 'api')
    printLine(added === 1 ? 'opted out, everywhere within five seconds' : 'opted out already')
    return exitCodes.ok
  })
}

export function runOptOutRemove(
  environment: Environment,
  phone: string,
  options: OptOutOptions,
): Promise<number> {
  const key = checked(phone, options)
  return withStore(environment, async (store) => {
    if (await store.removeOptOut(options.customer, key)) {
      printLine('removed')
      return exitCodes.ok
    }
    say('no such opt-out')
    return exitCodes.failure
  })
}

/** All of a file or, when a line has a fault, none of it. */
export async function runOptOutImport(
  environment: Environment,
  path: string,
  customer: number,
): Promise<number> {
  const file = Bun.file(path)
  if (!(await file.exists())) throw new StartRefused(exitCodes.configuration, `no file ${path}`)
  const { optOuts, faults } = parseOptOuts(await file.text())
  if (faults.length > 0) {
    const said = faults.slice(0, faultsSaidMax)
    const more = faults.length - said.length
    if (more > 0) said.push(`and ${more} more`)
    throw new StartRefused(exitCodes.configuration, [...said, 'nothing is imported'].join('\n'))
  }
  return await withStore(environment, async (store) => {
    if ((await store.getCustomer(customer)) === null) return noCustomer(customer)
    let added = 0
    for (let start = 0; start < optOuts.length; start += importMax) {
      added += await store.addOptOuts(customer, optOuts.slice(start, start + importMax), 'import')
    }
    printLine(`${added} opted out, ${optOuts.length - added} were already`)
    return exitCodes.ok
  })
}

export function runOptOutExport(
  environment: Environment,
  customer: number | null,
  format: ExportFormat,
): Promise<number> {
  return withStore(environment, async (store) => {
    for await (const lines of exportLines(store, customer, format)) printLine(lines.trimEnd())
    return exitCodes.ok
  })
}

function noCustomer(customer: number): number {
  say(`no customer ${customer}`)
  return exitCodes.failure
}

function checked(phone: string, { sender }: OptOutOptions): OptOutKey {
  const parsed = optOutKeySchema.safeParse({ phone, sender_id: sender })
  if (!parsed.success) throw optionFaults(parsed.error, { sender_id: 'sender' })
  return { phone, senderId: sender ?? null }
}
