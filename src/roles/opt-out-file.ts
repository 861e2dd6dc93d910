/** A file of opt-outs: CSV with a header, or one JSON object a line, as an export writes it; further columns are left out. */
import { keyOf } from '../api/opt-out-routes.ts'
import { optOutItemSchema } from '../api/opt-out-schemas.ts'
import type { OptOutKey } from '../store/opt-outs.ts'

export interface OptOutFile {
  readonly optOuts: readonly OptOutKey[]
  /** Every fault, with its line. */
  readonly faults: readonly string[]
}

export function parseOptOuts(text: string): OptOutFile {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  const head = lines.findIndex((line) => line.trim() !== '')
  const isCsv = head >= 0 && !lines[head]?.trimStart().startsWith('{')
  const columns = isCsv ? (lines[head] ?? '').split(',').map(unquoted) : []
  if (isCsv && !columns.includes('phone')) {
    return { optOuts: [], faults: [`line ${head + 1}: must name the columns, phone among them`] }
  }
  const optOuts: OptOutKey[] = []
  const faults: string[] = []
  lines.forEach((line, index) => {
    if (line.trim() === '' || (isCsv && index === head)) return
    const value = isCsv ? fromCsv(columns, line) : fromJson(line)
    const parsed = optOutItemSchema.safeParse(value)
    if (parsed.success) {
      optOuts.push(keyOf(parsed.data))
      return
    }
    for (const { path, message } of parsed.error.issues) {
      const place = path.length === 0 ? '' : `${path.join('.')} `
      faults.push(`line ${index + 1}: ${place}${message}`)
    }
  })
  return { optOuts, faults }
}

function unquoted(field: string): string {
  return field.trim().replace(/^"(.*)"$/, '$1')
}

/** What is not told from a number by a column of its own is no opt-out. */
function fromCsv(columns: readonly string[], line: string): unknown {
  const fields = line.split(',').map(unquoted)
  const field = (name: string): string | undefined => fields[columns.indexOf(name)]
  return { phone: field('phone'), sender_id: field('sender_id') || null }
}

function fromJson(line: string): unknown {
  try {
    const { phone, sender_id } = JSON.parse(line)
    return { phone, sender_id }
  } catch {
    return undefined
  }
}
