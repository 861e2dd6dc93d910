/** What the numbering plans of the world say of a number, by a port of libphonenumber. */
import parse, {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type PhoneNumberType,
  validatePhoneNumberLength,
} from 'libphonenumber-js/max'
import { isPhoneNumber } from './phone-number.ts'

/** As libphonenumber calls them. Where mobile and fixed numbers look the same (US), all of them are `FIXED_LINE_OR_MOBILE`. */
export const lineTypes = [
  'MOBILE',
  'FIXED_LINE',
  'FIXED_LINE_OR_MOBILE',
  'VOIP',
  'TOLL_FREE',
  'SHARED_COST',
  'PREMIUM_RATE',
  'PERSONAL_NUMBER',
  'PAGER',
  'UAN',
  'VOICEMAIL',
] as const satisfies readonly PhoneNumberType[]
export type LineType = (typeof lineTypes)[number]

const regions: ReadonlySet<string> = new Set(getCountries())
export const regionsMax = regions.size

/** Whether it is a country with a numbering plan, in two letters (ISO 3166-1, and XK, AC, TA). */
export function isRegion(value: string): value is CountryCode {
  return regions.has(value)
}

/** The digits after the plus sign; null for what is no region. */
export function callingCodeOf(region: string): string | null {
  return isRegion(region) ? getCountryCallingCode(region) : null
}

/** A number with a country code that there is. What follows may be nobody's. */
export interface KnownNumber {
  /** E.164, without what is dialled only at home. */
  readonly phone: string
  readonly callingCode: string
  /** Null: its country code is no country's, or several have it and it is no number of any. */
  readonly country: string | null
  /** Null: as long as a number may be. */
  lengthFlaw(): NumberFlaw | null
  /** Whether it is in a range that is given out. Whether anybody has it is not known. */
  isGivenOut(): boolean
  /** Null when it is not given out. */
  lineType(): LineType | null
}

export type NumberFlaw =
  | 'not-a-number'
  | 'unknown-country-code'
  | 'too-short'
  | 'too-long'
  | 'wrong-length'

/** @param region where it is dialled; null: only numbers with a plus sign are understood */
export function readNumber(text: string, region: string | null): KnownNumber | NumberFlaw {
  const options = {
    extract: false,
    ...(region !== null && isRegion(region) ? { defaultCountry: region } : {}),
  }
  const number = parse(text, options)
  if (number === undefined)
    return flawOf(validatePhoneNumberLength(text, options)) ?? 'not-a-number'
  const { number: phone, countryCallingCode: callingCode, country = null } = number
  if (!isPhoneNumber(phone)) return phone.length < 8 ? 'too-short' : 'too-long'
  return {
    phone,
    callingCode,
    country,
    lengthFlaw: () =>
      number.isPossible() ? null : (flawOf(validatePhoneNumberLength(phone)) ?? 'wrong-length'),
    isGivenOut: () => number.isValid(),
    lineType: () => number.getType() ?? null,
  }
}

function flawOf(result: ReturnType<typeof validatePhoneNumberLength>): NumberFlaw | undefined {
  return result === undefined ? undefined : flaws[result]
}

const flaws = {
  INVALID_COUNTRY: 'unknown-country-code',
  NOT_A_NUMBER: 'not-a-number',
  TOO_SHORT: 'too-short',
  TOO_LONG: 'too-long',
  INVALID_LENGTH: 'wrong-length',
} as const
