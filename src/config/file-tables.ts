/** Tables of a TOML file, made to be read like an environment. */
import type { Fault } from './fault.ts'
import { nearestName } from './nearest-name.ts'
import { valueFault } from './read-settings.ts'
import { redacted } from './redact.ts'
import type { Setting } from './setting.ts'

/** The table as text; a fault for whatever is of the wrong kind, or is no field. */
export function fieldTexts(
  table: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, Setting<unknown>>,
  place: string,
  faults: Fault[],
): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(table)) {
    const field = fields.get(key)
    if (field === undefined) {
      faults.push(unknownField(`${place}${key}`, key, fields.keys()))
      continue
    }
    const text = fieldText(field.parser.kind, value)
    if (text === undefined) faults.push(valueFault(field, shownKind(value), place))
    else texts[key] = text
  }
  return texts
}

/** As a variable would have it; undefined when it is of another kind. */
function fieldText(kind: Setting<unknown>['parser']['kind'], value: unknown): string | undefined {
  const isText = typeof value === 'string'
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  switch (kind) {
    case 'text':
      return isText ? value : undefined
    case 'number':
      return isNumber ? String(value) : undefined
    case 'cost':
      return isText || isNumber ? String(value) : undefined
    case 'list':
      return Array.isArray(value) && value.length > 0 ? itemsText(value) : undefined
    case 'costs':
      return isTable(value) && Object.keys(value).length > 0
        ? itemsText(Object.entries(value).map(([prefix, price]) => `${prefix}=${price}`))
        : undefined
    default:
      return kind satisfies never
  }
}

function itemsText(items: readonly unknown[]): string | undefined {
  const areItems = items.every((item) => typeof item === 'string' && !item.includes(','))
  return areItems ? items.join(',') : undefined
}

export function unknownField(name: string, key: string, known: Iterable<string>): Fault {
  const near = nearestName(key, known)
  return { name, detail: `is not a field${near === null ? '' : `; did you mean ${near}?`}` }
}

/** A value of the wrong kind: text in quotes, numbers as they are, of the rest only what it is. */
function shownKind(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(redacted(value))
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'an array' : 'a table or a date'
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
