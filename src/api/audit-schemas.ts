/** The audit log as it is asked for and shown. */
import { z } from 'zod'
import { auditActions } from '../domain/audit.ts'
import { mustBe, shownText, shownTimeField, spanRule, timeField } from './fields.ts'
import { cursorField, limitField, nextCursorField } from './message-schemas.ts'

const actorLengthMax = 120

const actionField = z.enum(auditActions, { error: mustBe(`one of ${auditActions.join(', ')}`) })

/** An entry's id as text. */
const cursorPattern = /^[1-9]\d{0,15}$/

const filterFields = {
  actor: shownText(actorLengthMax).optional().meta({
    description: 'admin-token, the prefix of an API key, or cli: and a user of the machine.',
  }),
  action: actionField.optional(),
  from: timeField.optional().meta({ description: 'Done at this time or later.' }),
  to: timeField.optional().meta({ description: 'Done before this time.' }),
}

export const auditFilterSchema = z.strictObject(filterFields).refine(...spanRule)

export const auditParametersSchema = z
  .strictObject({
    ...filterFields,
    limit: limitField.optional(),
    cursor: cursorField((cursor) => (cursorPattern.test(cursor) ? cursor : null)).optional(),
  })
  .refine(...spanRule)

export const auditEntrySchema = z
  .object({
    at: shownTimeField,
    actor: z.string(),
    action: actionField,
    target: z.string().meta({
      description: "What it was done to: a customer's id, a key's prefix, a provider's name.",
    }),
    detail: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable().meta({ description: 'Null: it was a command.' }),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntryBody = z.infer<typeof auditEntrySchema>

export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), next_cursor: nextCursorField })
  .meta({ id: 'AuditLog', description: 'The newest first.' })

export function toAuditFilter({ actor, action, from, to }: z.infer<typeof auditFilterSchema>) {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  }
}
