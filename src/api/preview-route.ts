/** What a text would be on the air, and who would get it, before it costs something. */
import { unknownCustomer } from '../domain/customer-settings.ts'
import { formatAmount } from '../domain/money.ts'
import { readNumber } from '../domain/numbering-plan.ts'
import { segmentText, segmentUnits } from '../domain/segments.ts'
import { smartEncode } from '../domain/smart-encoding.ts'
import { type Access, isProblem } from './caller.ts'
import { namedCustomerFaults } from './customer-of-submit.ts'
import type { CustomerProfiles } from './customer-profiles.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { type PreviewBody, previewSchema, type RecipientBody } from './message-schemas.ts'
import { priceOfText, unpriced } from './price-of-submit.ts'
import { type Fault, problemResponse } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'
import type { AddressCheck } from './submit-candidate.ts'
import { messagesPath, submitBytesMax } from './submit-routes.ts'
import type { TextRules } from './text-of-submit.ts'

export interface PreviewOptions {
  readonly access: Access
  readonly readJson: ReadJson
  readonly text: TextRules
  readonly profiles: Pick<CustomerProfiles, 'find'>
  readonly addressCheck: AddressCheck
  readonly classify: ClassifyDatabaseError
}

export const previewPath = `${messagesPath}/preview`

export function previewRoute(options: PreviewOptions): Route {
  const { access, readJson, text: rules, profiles, addressCheck, classify } = options

  /** Who would get it, by the rules of the customer, and what it would cost. @throws what `storeFailure` explains */
  async function recipientOf(
    phone: string,
    text: string,
    customerId: number | null,
    faults: Fault[],
  ): Promise<RecipientBody> {
    const profile = customerId === null ? unknownCustomer(0) : await profiles.find(customerId)
    const submit = { phone }
    addressCheck({ submit, profile, pointer: '' }, faults)
    const price = profile.account === null ? null : priceOfText(profile, submit.phone, text)
    if (profile.account !== null && price === null && faults.length === 0) {
      faults.push({ pointer: '/phone', detail: unpriced })
    }
    const read = readNumber(submit.phone, null)
    const known = typeof read === 'string' ? null : read
    return {
      phone: submit.phone,
      country: known?.country ?? null,
      line_type: known?.lineType() ?? null,
      price: price === null ? null : formatAmount(price),
    }
  }

  async function preview(exchange: Exchange): Promise<Response> {
    const { request, requestId } = exchange
    const caller = await access(exchange, 'send')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    const body = await readJson(request, { bytesMax: submitBytesMax })
    if (!body.ok) return problemResponse(body.failure.problem, requestId)
    const parsed = previewSchema.safeParse(body.value)
    const ofCustomer = namedCustomerFaults(body.value, caller)
    if (!parsed.success || ofCustomer.length > 0) {
      const ofBody = parsed.success ? [] : bodyFaults(parsed.error)
      return problemResponse(invalidRequest([...ofBody, ...ofCustomer]), requestId)
    }
    const { message, smart_encoding = rules.smartEncodingDefault, phone, customer_id } = parsed.data
    const { text, replaced } = smart_encoding
      ? smartEncode(message)
      : { text: message, replaced: [] }
    const faults: Fault[] = []
    let recipient: RecipientBody | undefined
    try {
      const customerId = customer_id ?? caller.customerId
      if (phone !== undefined) recipient = await recipientOf(phone, text, customerId, faults)
    } catch (error) {
      const failure = storeFailure(error, classify)
      if (failure === null) throw error
      return problemResponse(failure.problem, requestId)
    }
    if (faults.length > 0) return problemResponse(invalidRequest(faults), requestId)
    const { encoding, units, segments } = segmentText(text)
    const { alone, joined } = segmentUnits[encoding]
    return jsonResponse({
      encoding,
      units,
      units_per_segment: segments.length === 1 ? alone : joined,
      segments: segments.length,
      segments_max: rules.segmentsMax,
      message: text,
      parts: [...segments],
      replaced: replaced.map((replacement) => ({ ...replacement })),
      ...(recipient === undefined ? {} : { recipient }),
    } satisfies PreviewBody)
  }

  return { method: 'POST', path: previewPath, handle: preview }
}
