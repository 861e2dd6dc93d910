/** Which recipients are taken: what a number may look like, where it may be, and of which kind. */
import {
  callingCodeOf,
  isRegion,
  type KnownNumber,
  type LineType,
  type NumberFlaw,
  readNumber,
} from './numbering-plan.ts'
import { isPhoneNumber, writtenNumberPattern } from './phone-number.ts'

/**
 * `off`: every E.164 number. `possible`: of a country code that there is, and as long as its numbers may be. `valid`: in a range that
 * is given out.
 */
export const numberValidities = ['off', 'possible', 'valid'] as const
export type NumberValidity = (typeof numberValidities)[number]

/** Named as in JSON, because a customer's are stored so. */
export interface NumberSettings {
  /** Where numbers without a country code are dialled. */
  readonly region?: string | undefined
  readonly validity?: NumberValidity | undefined
  /** Countries (`DE`) and beginnings (`+4917`): of none else. */
  readonly allow?: readonly string[] | undefined
  readonly deny?: readonly string[] | undefined
  readonly line_types_denied?: readonly LineType[] | undefined
}

/** Entries in one list. */
export const placesMax = 300

const beginningPattern = /^\+[1-9]\d{0,14}$/

/** Whether it may be in a list of countries and beginnings. */
export function isPlace(value: string): boolean {
  return isRegion(value) || beginningPattern.test(value)
}

interface Places {
  readonly entries: readonly string[]
  readonly known: ReadonlySet<string>
  /** Of its countries. */
  readonly callingCodes: ReadonlySet<string>
  /** Longest beginning, with its plus sign. */
  readonly lengthMax: number
}

export interface NumberRules {
  readonly region: string | null
  readonly validity: NumberValidity
  /** Null: everywhere. */
  readonly allow: Places | null
  readonly deny: Places
  readonly lineTypesDenied: ReadonlySet<string>
  /** Nothing of an E.164 number has to be known. */
  readonly takesAll: boolean
}

export type NumberRefusal =
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'flawed'
      readonly flaw: Exclude<NumberFlaw, 'not-a-number'>
      readonly callingCode: string | null
    }
  | { readonly kind: 'not-given-out'; readonly place: string }
  | { readonly kind: 'denied'; readonly place: string }
  | { readonly kind: 'not-allowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'line-type'; readonly lineType: LineType }

export interface TakenNumber {
  /** E.164. */
  readonly phone: string
  /** Null: nothing of it had to be known, or nothing is. */
  readonly known: KnownNumber | null
}

/**
 * A customer's region, validity and places allowed stand instead of everybody's; what is denied is denied beside what is denied to
 * everybody.
 */
export function createNumberRules(everybodys: NumberSettings) {
  const shared = compile(everybodys)
  /** As long as a customer's settings are remembered. */
  const compiled = new WeakMap<NumberSettings, NumberRules>()
  return (own: NumberSettings | undefined): NumberRules => {
    if (own === undefined) return shared
    const known = compiled.get(own)
    if (known !== undefined) return known
    const rules = compile({
      region: own.region ?? everybodys.region,
      validity: own.validity ?? everybodys.validity,
      allow: own.allow ?? everybodys.allow,
      deny: [...(everybodys.deny ?? []), ...(own.deny ?? [])],
      line_types_denied: [
        ...(everybodys.line_types_denied ?? []),
        ...(own.line_types_denied ?? []),
      ],
    })
    compiled.set(own, rules)
    return rules
  }
}

function compile(settings: NumberSettings): NumberRules {
  const { region = null, validity = 'off', allow, deny = [], line_types_denied = [] } = settings
  return {
    region,
    validity,
    allow: allow === undefined ? null : placesOf(allow),
    deny: placesOf(deny),
    lineTypesDenied: new Set(line_types_denied),
    takesAll:
      validity === 'off' &&
      allow === undefined &&
      deny.length === 0 &&
      line_types_denied.length === 0,
  }
}

function placesOf(entries: readonly string[]): Places {
  return {
    entries,
    known: new Set(entries),
    callingCodes: new Set(entries.map(callingCodeOf).filter((code) => code !== null)),
    lengthMax: entries.reduce(
      (most, entry) => (entry.startsWith('+') ? Math.max(most, entry.length) : most),
      0,
    ),
  }
}

/** The number as it is sent to, or everything that refuses it. */
export function judgeNumber(
  text: string,
  rules: NumberRules,
): TakenNumber | { readonly refusals: readonly NumberRefusal[] } {
  const { region, validity, allow, deny, lineTypesDenied } = rules
  const isE164 = isPhoneNumber(text)
  if (isE164 && rules.takesAll) return { phone: text, known: null }
  if (!isE164 && (region === null || !writtenNumberPattern.test(text))) {
    return { refusals: [{ kind: 'malformed' }] }
  }

  const read = readNumber(text, region)
  const known = typeof read === 'string' ? null : read
  if (typeof read === 'string' && (!isE164 || validity !== 'off')) {
    if (read === 'not-a-number') return { refusals: [{ kind: 'malformed' }] }
    return { refusals: [{ kind: 'flawed', flaw: read, callingCode: null }] }
  }

  const refusals: NumberRefusal[] = []
  const phone = known?.phone ?? text
  if (known !== null && validity !== 'off') {
    const { callingCode, country } = known
    const flaw = known.lengthFlaw()
    if (flaw !== null && flaw !== 'not-a-number') {
      refusals.push({ kind: 'flawed', flaw, callingCode })
    } else if (validity === 'valid' && !known.isGivenOut()) {
      refusals.push({ kind: 'not-given-out', place: country ?? `+${callingCode}` })
    }
  }
  const denied = deniedPlace(phone, known, deny) ?? placeOf(text, null, deny)
  if (denied !== null) refusals.push({ kind: 'denied', place: denied })
  if (allow !== null && placeOf(phone, known, allow) === null) {
    refusals.push({ kind: 'not-allowed', allowed: allow.entries })
  }
  const lineType = lineTypesDenied.size > 0 ? (known?.lineType() ?? null) : null
  if (lineType !== null && lineTypesDenied.has(lineType)) {
    refusals.push({ kind: 'line-type', lineType })
  }
  return refusals.length > 0 ? { refusals } : { phone, known }
}

/** The entry of the list that it is of, or null. */
function placeOf(phone: string, known: KnownNumber | null, places: Places): string | null {
  const country = known?.country ?? null
  if (country !== null && places.known.has(country)) return country
  for (let length = Math.min(places.lengthMax, phone.length); length > 1; length--) {
    const beginning = phone.slice(0, length)
    if (places.known.has(beginning)) return beginning
  }
  return null
}

/** A number whose country cannot be told counts as of each with its country code: in doubt it is denied. */
function deniedPlace(phone: string, known: KnownNumber | null, deny: Places): string | null {
  const found = placeOf(phone, known, deny)
  if (found !== null || known === null || known.country !== null) return found
  const { callingCode } = known
  if (!deny.callingCodes.has(callingCode)) return null
  return deny.entries.find((entry) => callingCodeOf(entry) === callingCode) ?? null
}
