/** What a text would be on the air, before it costs something. */
import { segmentText, segmentUnits } from '../domain/segments.ts'
import { smartEncode } from '../domain/smart-encoding.ts'
import { type Access, isProblem } from './caller.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { type PreviewBody, previewSchema } from './message-schemas.ts'
import { problemResponse } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { messagesPath, submitBytesMax } from './submit-routes.ts'
import type { TextRules } from './text-of-submit.ts'

export interface PreviewOptions {
  readonly access: Access
  readonly readJson: ReadJson
  readonly text: TextRules
}

export const previewPath = `${messagesPath}/preview`

export function previewRoute({ access, readJson, text: rules }: PreviewOptions): Route {
  async function preview(exchange: Exchange): Promise<Response> {
    const { request, requestId } = exchange
    const caller = await access(exchange, 'send')
    if (isProblem(caller)) return problemResponse(caller, requestId)
    const body = await readJson(request, { bytesMax: submitBytesMax })
    if (!body.ok) return problemResponse(body.failure.problem, requestId)
    const parsed = previewSchema.safeParse(body.value)
    if (!parsed.success) {
      return problemResponse(invalidRequest(bodyFaults(parsed.error)), requestId)
    }
    const { message, smart_encoding = rules.smartEncodingDefault } = parsed.data
    const { text, replaced } = smart_encoding
      ? smartEncode(message)
      : { text: message, replaced: [] }
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
    } satisfies PreviewBody)
  }

  return { method: 'POST', path: previewPath, handle: preview }
}
