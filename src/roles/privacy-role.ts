/** `sms-gateway privacy …` and `sms-gateway audit …` */
import { toAuditBody } from '../api/audit-routes.ts'
import { auditFilterSchema, toAuditFilter } from '../api/audit-schemas.ts'
import { askErasure, toErasureBody } from '../api/erasure-routes.ts'
import type { Environment } from '../config/config.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { AuditEntry } from '../store/audit-log.ts'
import { printLine, withStore } from './admin-store.ts'
import { commandActor } from './command-actor.ts'
import { optionFaults } from './option-parsers.ts'
import { StartRefused, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

/** Asks for it: the processors carry it out. */
export function runErasure(
  environment: Environment,
  phone: string,
  customerId: number | null,
): Promise<number> {
  return withStore(environment, async (store) => {
    const erasure = await askErasure(store, commandActor(), phone, customerId)
    if (erasure === null) {
      say('too many erasures are at work')
      return exitCodes.failure
    }
    printLine(JSON.stringify(toErasureBody(erasure), null, 2))
    say(`the processors are at it: "privacy show ${erasure.id}" tells how far`)
    return exitCodes.ok
  })
}

export function runErasureShow(environment: Environment, given: string): Promise<number> {
  const id = given.toLowerCase()
  if (!isMessageId(id)) {
    throw new StartRefused(exitCodes.configuration, `not the id of an erasure: ${given}`)
  }
  return withStore(environment, async (store) => {
    const erasure = await store.getErasure(id, null)
    if (erasure === null) {
      say(`no erasure ${id}`)
      return exitCodes.failure
    }
    printLine(JSON.stringify(toErasureBody(erasure), null, 2))
    return exitCodes.ok
  })
}

export interface AuditListOptions {
  readonly actor?: string
  readonly action?: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly json: boolean
}

const auditTable = createTable([
  ['AT', timeWidth],
  ['ACTOR', 'sgw_'.length + 12],
  ['ACTION', 21],
  ['TARGET', 36],
  ['DETAIL', 0],
])

/** The newest first, a line each. */
export function runAuditList(environment: Environment, options: AuditListOptions): Promise<number> {
  const { limit, json, ...given } = options
  const parsed = auditFilterSchema.safeParse(given)
  if (!parsed.success) throw optionFaults(parsed.error)
  return withStore(environment, async (store) => {
    let left = limit
    let last: AuditEntry | undefined
    do {
      const count = Math.min(left, listStep)
      const found = await store.listAuditLog(toAuditFilter(parsed.data), last?.id ?? null, count)
      if (left === limit && !json) printLine(found.length === 0 ? 'no entries' : auditTable.header)
      for (const entry of found) printLine(json ? JSON.stringify(toAuditBody(entry)) : line(entry))
      left -= found.length
      last = found.length < count ? undefined : found.at(-1)
    } while (left > 0 && last !== undefined)
    return exitCodes.ok
  })
}

/** Read in one statement. */
const listStep = 1_000
const detailWidthMax = 120

function line({ at, actor, action, target, detail }: AuditEntry): string {
  const text = JSON.stringify(detail)
  const shown = text.length > detailWidthMax ? `${text.slice(0, detailWidthMax)}…` : text
  return auditTable.line([at.toISOString(), actor, action, target, shown])
}
